import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.distil import build_embedder, quantise
from toolkit.embed import ASSET_FOLDER, Lsa, load_embedder, load_encoder
from toolkit.errors import ToolkitError

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


def json_round_trip(state):
    values, arrays = state
    return json.loads(json.dumps(values)), arrays
