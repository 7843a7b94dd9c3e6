"""Words and patterns of pages in general: function words, and what menus, credits, captions and footers say.

No site's own words stand here. Patterns take linear time: no nested repetition, every gap is bounded.
"""

from __future__ import annotations

import re

# The commonest function words of languages of the region and of the web; a sentence has many, a menu has few.
STOP_WORDS = frozenset(
    """
    the of and a an to in is was for that on with as by at from it be are this have has had not but or which its his
    her their they he she we you i who will would can could been were there more also than other when after into over
    about up out all one said if so what no do our my your me him them these those may such because between while
    de la que el en y los del se las por un para con una su al lo como más pero sus le ya o este sí porque esta entre
    le les des du et est une dans qui pour pas au sur ne se ce il sont plus par je avec tout mais nous vous été aux
    der die und den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass
    di il che è per non si da dei con sono della nel alla più anche gli ha
    o os da do em um uma não com se na no mais as dos foi ao ele das tem à seu sua ou
    het een van niet op te zijn met voor er maar om ook aan wordt bij
    yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena ada oleh bisa telah kami kita
    tersebut adalah mereka atau dia lebih sudah bagi kepada orang menjadi sebagai
    ang ng sa mga na ay at ito nang kung hindi para si ni niya
    và của là có được cho trong không với một các người này đã những khi đến để từ
    и в не на я что он с как это по но из у за от так же все для бы
    """.split()
)


class Cued:
    """A pattern, blind to case, that is searched only where one of its cues stands: most lines have none of them.

    `cues` is a pattern of lower-case ASCII letters and signs that stand in whatever `pattern` matches.
    """

    def __init__(self, cues: str, pattern: str) -> None:
        self.pattern = re.compile(pattern, re.IGNORECASE)
        self._cues = re.compile(cues)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match in `text`, as `re.Pattern.search` finds it."""
        if self._cues.search(text.lower()) is None and (text.isascii() or _ODD_CASES.search(text) is None):
            return None
        return self.pattern.search(text)


_ODD_CASES = re.compile("[\u0130\u0131\u017f]")  # match i and s when case does not count, but are no capitals of them

WORD = re.compile(r"\w+(?:['’]\w+)?")


def _one_of(*groups: str) -> str:
    return "(?:" + "|".join(groups) + ")"


# Features of short paragraphs; the text is in lower case.
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
DATE = re.compile(
    rf"\b(?:{_MONTHS})[a-z]*\.?\s+\d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{_MONTHS})[a-z]*\b"
    r"|\b(?:19|20)\d\d[-/.年]\s?\d{1,2}[-/.月]|\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)?\d\d\b"
)
TIME = re.compile(
    r"\b\d{1,2}[:.]\d\d(?::\d\d)?\s?(?:[ap]\.?m\b)?|\b\d{1,2}\s?[ap]m\b|\b\d+ (?:min|hour|day|week|month|year)s? ago\b"
)
ADDRESS = re.compile(r"\.(?:com|org|net)\b")
RIGHTS_LOW = re.compile(r"©|\(c\)|copyright|all rights? reserved")
MONEY = re.compile(r"[$€£¥₱฿]\s?\d|\b(?:usd|rm|rp|php|baht|yuan|us\$)\s?\d")
BY = re.compile(r"by\b|by:|written by|reporter|author|editor|writer|source\s*:")
DIGIT = re.compile(r"\d")
CREDIT_WORDS = frozenset(
    "photo photos image images picture pictures pic pix reuters afp ap epa xinhua getty courtesy".split()
)

# Cues of roles.
NEIGHBOUR_PAGE = re.compile(
    r"(?:previous|next|prev|older|newer)(?:\s(?:article|post|page|story|news|one))?\s?(?:[:：]|$|»|›|>)", re.I
)
BREADCRUMB = re.compile(
    r"(?:home|homepage|index|you are here|current position|location)\s?(?:[>»›/|:：]|&gt;)",
    re.I,
)
WELCOME = re.compile(r"welcome to\b.{0,80}\b(?:web\s?site|site|home\s?page|portal)\b", re.I)
RIGHTS = Cued(
    r"©|\(c\)|copyright|reserved|icp", r"©|\(c\)\s?(?:19|20)\d\d|\bcopyright\b|all rights? reserved|\bICP\b.{0,12}\d{5}"
)
FOOTER = Cued(
    r"privacy|terms|contact us|about|advertise|site ?map|disclaimer|support|powered|cookie|hosted|sponsored|"
    r"tel[:.]|fax|mail[:.]",
    r"\b(?:privacy|terms (?:of|and)|contact us|about ?us|advertise with|site ?map|disclaimer|technical support|"
    r"powered by|cookie|hosted by|sponsored by the|tel[:.]|fax[:.]|e-?mail[:.])",
)
ADVERT = Cued(
    r"advert|sponsored|promoted|ads? by|article|subscri|newsletter|sign ?(?:me )?up|download|trial|whatsapp",
    r"^\W*(?:advertisement|advertorial|sponsored|promoted|ads? by|article continues (?:after|below))|"
    r"\b(?:subscri(?:be|ption)|newsletter|sign ?(?:me )?up|download (?:the|our) app|free trial|whatsapp alerts)\b",
)
ADVERT_LINE = re.compile(
    r"^\W{0,3}(?:advertisements?|advt|advertorial|sponsored(?: content| by.{0,30})?|promoted|ads?|ads? by .{1,30}|"
    r"(?:article|story) continues (?:after|below).{0,40}|scroll (?:down )?to continue.{0,30}|"
    r"iklan|quảng cáo|publicidade?|publicité|anzeige|advertentie|โฆษณา|广告|広告|광고|patalastas)\W{0,3}$",
    re.I,
)
SIGN_UP = re.compile(
    r"^\W{0,3}(?:subscribe|sign (?:me )?up|your subscription|(?:get|receive) (?:our|the) .{0,40}newsletter|"
    r"by (?:providing|signing|subscribing|clicking)|join our (?:channel|newsletter|mailing)|"
    r"download (?:the|our) app|follow us|share (?:this|on)\b)",
    re.I,
)
# What sites write above links to other stories, in the languages of the field; alone on its line.
OTHERS_LABEL = re.compile(
    r"^\W{0,3}"
    + _one_of(
        r"related(?: (?:stor(?:y|ies)|articles?|news|topics?|posts?|links?|content))?",
        r"(?:also |you may also )?(?:read|like)(?: (?:more|next|also|this))?",
        r"see (?:also|more)|more (?:from|on|stories|news|like this|in)\b.{0,30}|more stories|up next",
        r"most (?:read|viewed|popular|shared|commented)|editors?['’]? picks?",
        r"(?:latest|trending|featured|popular)(?: (?:stor(?:y|ies)|news|articles?|posts?|topics?|now|reads?))?",
        r"(?:recommended|top|other) (?:stor(?:y|ies)|news|articles?|posts?|topics?|reads?|for you)",
        r"also worth reading|don['’]t miss|in case you missed it|what to read next",
        r"baca (?:juga|selengkapnya|lagi)|lihat juga|berita (?:terkait|terbaru|lainnya)",
        r"artikel (?:terkait|lainnya)|terkait|terpopuler|xem thêm|đọc thêm|tin liên quan",
        r"lea (?:también|más)|lire aussi|à lire aussi|leia (?:também|mais)|lees ook|siehe auch",
        r"อ่านเพิ่มเติม|ข่าวที่เกี่ยวข้อง|関連記事|관련 ?기사",
        r"相关(?:阅读|新闻|文章|推荐)|延伸阅读|推荐阅读|更多(?:新闻|阅读)?",
    )
    + r"\s?(?:[:：»›>].{0,3}|\.{3}|)$",
    re.I,
)
# What sites write above an article's tags, alone on its line.
TAGS_LABEL = re.compile(
    r"^\W{0,3}(?:tags?|key ?words?|topics?|(?:related|more) topics|filed under|tagged(?: (?:with|in|under|as))?|"
    r"tag terkait|kata kunci|từ khóa|แท็ก|etiquetas|palavras-chave|mots[- ]clés|schlagw(?:örter|orte)|trefwoorden|"
    r"标签|关键词|タグ|태그)\s?[:：]?$",
    re.I,
)
BYLINE = re.compile(
    r"^\W{0,3}(?:(?i:by|(?:written|story|report(?:ed|ing)?|edited|text|words|posted|published|compiled) by|"
    r"author|writer|reporter|editor|correspondent|journalist|source|credit|oleh|penulis|"
    r"editor in charge|responsible editor)\b\s?[:：]?\s?)(?=\W{0,3}[A-Z\u00c0-\u024f]|$)"
)
LABELLED_BYLINE = re.compile(r"^\W{0,3}(?:writer|author|source|editor|reporter|penulis|sumber|by)\s?[:：]", re.I)
AGENCY = Cued(
    r"news|xinhua|reuters|bernama|afp|tass|staff|correspondent|reporter",
    r"\b(?:news (?:agency|service|network|client)|newsroom|xinhua|reuters|bernama|afp|tass|staff writer|"
    r"correspondent|reporter)\b",
)
CAPTION_WORDS = frozenset(
    """photo photos photograph photographs image images picture pictures pic pics figure graphic graphics view file
    reuters afp ap epa xinhua getty vcg bernama""".split()
)
CAPTION_START = re.compile(
    r"^\W{0,2}(?:(?:the )?(?:left|right|upper|lower|top|bottom|above|first|second|third) "
    r"(?:image|picture|photo|pic)\b|(?:the )?(?:image|picture|photo|photograph|pic|figure|graphic)s? "
    r"(?:on|at|to|above|below|shows?|taken|provided|released)\b|"
    r"(?:file )?(?:photo|image|picture|pic|graphic)s?(?: credit)?\s?[:：/]|file (?:photo|pic)|"
    r"(?:a |an )?(?:aerial|undated|handout|combination) (?:photo|image|view|picture)|"
    r"in this (?:file )?(?:photo|image|picture|handout)|this (?:photo|image|picture|handout|file)\b)",
    re.I,
)
CAPTION_END = re.compile(
    r"(?:\bphoto(?:graph)?s? (?:by|courtesy|from|taken by|provided by)\b.{2,70}|"
    r"[\[(/|—–-]\s?(?:(?:file )?(?:photo|pic|image)s?\b.{0,60}|.{0,30}\b(?:file )?(?:photo|pic|image)s?\s?)[\])]?|"
    r"\b(?:reuters|afp|ap|epa|xinhua|getty|vcg|bernama)\b(?: photo| images)?\s?/\s?[\w .'-]{2,40}|"
    r"[\[(—–-]\s?(?:reuters|afp|ap|epa(?:-efe)?|xinhua|getty images|vcg|bernama)\s?(?:photo|pic)?[\])]?)\W{0,3}$",
    re.I,
)
