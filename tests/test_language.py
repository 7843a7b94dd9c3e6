"""Language: script first, English by its stop words, the model for the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.language import LANGUAGES, detect_language

SENTENCES = {
    "en": "The two sides signed an agreement and said that trade between them will grow.",
    "id": "Kerja sama Indonesia dan Tiongkok meningkat karena kedua negara saling membutuhkan dalam perdagangan.",
    "ms": "Kerjasama Malaysia dan China meningkat kerana kedua-dua negara saling memerlukan, kata beliau.",
    "vi": "Hợp tác giữa Việt Nam và Trung Quốc ngày càng sâu rộng trong nhiều lĩnh vực.",
    "tl": "Nagkasundo ang Pilipinas at Tsina na palakasin ang kalakalan ng dalawang bansa.",
    "fr": "La Chine et les pays de l'ASEAN ont signé un accord commercial qui entrera en vigueur cette année.",
    "de": "China und die Staaten der ASEAN haben ein Abkommen unterzeichnet, das den Handel erleichtern soll.",
    "zh": "中国与东盟国家签署合作协议",
    "ja": "日本と中国は経済協力で合意した",
    "ko": "한국과 중국은 협력에 합의했다",
    "th": "จีนและอาเซียนลงนามความร่วมมือ",
    "lo": "ລາວ ແລະ ຈີນ ຮ່ວມມືກັນ",
    "km": "កម្ពុជា និងចិន សហប្រតិបត្តិការ",
    "my": "မြန်မာနှင့် တရုတ် ပူးပေါင်းဆောင်ရွက်",
    "ru": "Китай и страны АСЕАН подписали соглашение о сотрудничестве в области торговли.",
    "ar": "وقعت الصين ودول آسيان اتفاقية للتعاون في مجال التجارة",
}


@pytest.mark.parametrize(("language", "sentence"), SENTENCES.items())
def test_a_sentence_is_known_by_its_language(language, sentence):
    assert detect_language(sentence) == language


@pytest.mark.parametrize("text", ["", "Boao", "2018-02-24 16:48:42", "China, ASEAN", "🙂" * 50, "1234 " * 100])
def test_too_few_letters_are_undetermined(text):
    assert detect_language(text) == "und"


def test_english_with_some_chinese_names_is_english():
    assert (
        detect_language("The mayor of Boao (博鳌) said that the forum (论坛) will open with new members in 2025.")
        == "en"
    )


def test_chinese_with_latin_names_is_chinese():
    assert detect_language("中国东盟商务理事会CABC与德州市人民政府共同主办DezhouASEAN合作会议并签署备忘录") == "zh"


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=50)
def test_any_text_has_one_answer_and_it_is_a_known_code(text):
    language = detect_language(text)
    assert language in (*LANGUAGES, "und")
    assert detect_language(text) == language


def test_english_and_written_scripts_do_not_load_the_model():
    program = (
        "import sys; from toolkit.language import detect_language as d; "
        f"assert d({SENTENCES['en']!r}) == 'en' and d({SENTENCES['zh']!r}) == 'zh' and d({SENTENCES['th']!r}) == 'th'; "
        "assert not {'py3langid', 'numpy', 'ftfy', 'lxml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
