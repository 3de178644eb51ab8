"""Texts, chats and strings for model.py. All written for this purpose."""

TEXTS = [
    # narrative
    """The ferry left the harbour a little after six, when the lamps along the quay were still burning and the fishermen were
already arguing about the weather. Marta stood at the rail with her collar turned up, counting the buoys as they slid past. She
had promised her brother that she would write on the first night, but the pen had frozen in her pocket and the paper was damp.
"You will get used to it," said the old man beside her, who had crossed the strait every winter for forty years. "The sea is only
a road that moves." She laughed, although she was not sure that he had meant it as a joke, and for a while neither of them spoke.
Behind them the town shrank to a row of yellow windows, then to a smear of light, and then it was gone.""",
    # encyclopedic
    """A lichen is not a single organism but a partnership between a fungus and one or more photosynthetic partners, usually green
algae or cyanobacteria. The fungus builds the body of the lichen and protects its partner from drying out; the partner makes sugars
from sunlight, carbon dioxide and water. Lichens grow on bare rock, bark, soil, roof tiles and even old glass, from the tropics to
the polar deserts, and cover about 7% of the land surface. Some crustose species grow less than 0.5 mm in a year, so that their
diameter can be used to date glacial moraines and rock falls. Because they take up water and nutrients mainly from the air, many
lichens are sensitive to sulphur dioxide, and maps of their distribution were among the first biological records of air pollution
in European cities during the nineteenth century.""",
    # code
    """def moving_average(values, window):
    \"\"\"Mean of every `window` neighbouring values; raises ValueError when there are too few.\"\"\"
    if window <= 0 or window > len(values):
        raise ValueError(f"window must be in 1..{len(values)}, got {window}")
    total = sum(values[:window])
    means = [total / window]
    for i in range(window, len(values)):
        total += values[i] - values[i - window]
        means.append(total / window)
    return means


class Thermometer:
    def __init__(self, name, offset=0.0):
        self.name = name
        self.offset = offset
        self.readings = []

    def read(self, raw):
        self.readings.append(raw * 0.0625 + self.offset)
        return self.readings[-1]


if __name__ == "__main__":
    print(moving_average([3, 1, 4, 1, 5, 9, 2, 6], 3))""",
    # several languages, numbers, symbols
    """Am Montag, dem 14. März 2022, kostete der Eintritt 12,50 €; heute zahlt man 15 €. Le train de 8 h 45 est arrivé à l'heure, ce
qui a surpris tout le monde, y compris le contrôleur. 今天天气很好，我们去公园散步，然后喝一杯热茶。 Вчера вечером мы долго говорили о
музыке и о том, как меняется город. El número π ≈ 3.14159 aparece en muchos lugares inesperados; por ejemplo, ∑ 1/n² = π²/6. درجة
الحرارة اليوم ٢٥ درجة مئوية. On a rainy day the queue in front of the museum was 120 people long, and nobody left it.""",
    # dialogue in the chat format
    """<|im_start|>system
You are a patient teacher of physics.<|im_end|>
<|im_start|>user
Why does the moon always show us the same side? I thought everything in space was spinning freely.<|im_end|>
<|im_start|>assistant
The moon does spin, but it turns around its own axis exactly once in the time that it takes to travel around the Earth. That is no
coincidence. The Earth's gravity pulls a little harder on the near side of the moon than on the far side, and this stretches the
moon slightly. While the moon was still turning faster, the stretched part was dragged ahead of the line to the Earth, and the pull
on it acted like a brake. Over millions of years the spin slowed down until the bulge stayed in line. We call this tidal locking.
<|im_end|>
<|im_start|>user
Does that happen to other moons?<|im_end|>""",
]

CHATS = [
    [{"role": "user", "content": "What is the capital of France, and which river flows through it?"}],
    [{"role": "user", "content": "Write one sentence about a lighthouse."}],
    [
        {"role": "system", "content": "You answer as briefly as you can."},
        {"role": "user", "content": "List three things that float on water."},
    ],
    [
        {"role": "user", "content": "My name is Ines."},
        {"role": "assistant", "content": "Nice to meet you, Ines! How can I help you today?"},
        {"role": "user", "content": "What is my name, and how many letters does it have?"},
    ],
    [{"role": "user", "content": "Explain in simple words why bread rises when it is baked."}],
]

CONVERSATIONS = CHATS + [
    [{"role": "system", "content": "  Spaces around, and a newline.\n"}, {"role": "user", "content": "Hello\n\nthere  "}],
    [{"role": "user", "content": "Curly {{ braces }} and {% tags %} and <|im_end|> stay as they are."}],
    [{"role": "user", "content": "Ünïcödé 你好 🙂 ٣"}, {"role": "assistant", "content": ""}],
    [{"role": "system", "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
]


def strings():
    """200 strings that a tokenizer gets wrong when it gets anything wrong."""
    cases = [
        "", " ", "  ", "   ", "\n", "\n\n", "\t", "\t\t\tx", " \n ", "a", " a", "a ", "  a  b   c    d", "hello", "Hello, world!", "HELLO WORLD",
        "it's we're they've I'm you'll he'd", "IT'S WE'RE", "don't can't won't", "it’s we’re", "'s't're", " 's", "x'sy",
        "0", "12", "123", "1234567890", "3.14159", "1,000,000", "2024-11-23T01:02:03Z", "٣٤٥", "१२३", "五十", "½ ¾ ²³", "Ⅷ Ⅻ", "①②③", "1st 2nd 3rd", "a1b2c3", "x²+y²=z²", "0x7fff_ffff", "1e-9",
        "…", "—", "–", "“quotes” ‘single’", "!!!", "???!!!", "...", "-----", "=====", "#####", "$$$", "a...b", "foo--bar", "@user #tag", "50% & more", "C++ C# F#", "a/b\\c|d", "<html>", "</div>", "&nbsp;", "~`^*_", "(((())))", "[[]]{}", "🙂", "🙂🙂🙂", "👩‍👩‍👧‍👦", "🇫🇷🇩🇪", "👍🏽", "❤️", "a🙂b", " 🙂 ",
        "你好", "你好，世界！", "今天天气很好。", "東京都", "日本語のテキスト", "ひらがな カタカナ", "한국어 텍스트", "안녕하세요", "ไทย", "हिन्दी में", "العربية", "مرحبا بالعالم", "الْعَرَبِيَّةُ", "עברית", "Ελληνικά", "Привет, мир!", "Українська", "Tiếng Việt", "Türkçe İıŞş", "Français çà et là", "Straße ẞ", "naïve café", "nai\u0308ve cafe\u0301", "Å Å", "ﬁ ﬂ", "ǅ ǆ", "ſ K Å",
        "\ufeffBOM first", "BOM\ufeffinside", "\ufeff", "a\u0085b", "\u0085", "a \u0085 b", "a\u00a0b", "\u00a0\u00a0", "a\u2003b\u2009c", "\u3000x", "a\u200bb", "a\u200db", "a\u2028b\u2029c", "a\u000bb\u000cc", "\u001c\u001d\u001e\u001f", "a\u180eb", "\u00adsoft", "a\rb", "a\r\nb", "\r\n\r\n", "line one\nline two\n", "tabs\tand\tspaces  ", "trailing   ", "   leading", "\n   indented", "\n\n\n\nfour", " \t \t ", "a  \n  b", "        eight", "                sixteen spaces", " " * 33, " " * 100, "\n" * 20, "\t" * 9,
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start|>user\nHi<|im_end|>\n", "a<|im_end|>b", "<|im_end|><|im_end|>", " <|im_start|> ", "<|im_start", "|im_end|>", "<|IM_START|>", "<repo_name>x", "<file_sep>", "<issue_start><issue_comment>", "<jupyter_code>print(1)", "<|unknown|>", "<s></s>", "[INST] [/INST]",
        "def f(x):\n    return x**2\n", "for (int i = 0; i < 10; ++i) {\n\tsum += a[i];\n}", "SELECT * FROM t WHERE a='b';", "{\"key\": [1, 2.5, null]}", "https://example.org/a?b=c&d=%20#e", "user.name+tag@example.co.uk", "/usr/local/bin", "C:\\Users\\x", "\\n\\t", "#!/bin/sh\necho \"$HOME\"", "x = y if z else w", "λx.x", "∀ε>0 ∃δ", "→ ⇒ ↔", "∑∫√∞≠≤", "camelCaseWord", "snake_case_word", "SCREAMING_CASE", "kebab-case", "supercalifragilisticexpialidocious", "a" * 50, "ab" * 40, "lol" * 15, "é" * 20, "中" * 20, "🙂" * 9, "1" * 40, "!" * 40, "_" * 40, ".-" * 20,
        "\x00", "a\x00b", "\x01\x02\x7f", "\u0080\u009f", "\uffff", "\U0001f9d1\u200d\U0001f680", "\U00010348", "\U0010ffff", "\u0301", "a\u0301\u0302\u0303", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞", "\ue000", "ℵ₀", "𝒳 𝔸", "ｆｕｌｌ　ｗｉｄｔｈ", "١٢٣ و ٤٥٦", "٪", "ß", "ŉ", "l'été d'or", "rock 'n' roll", "o'clock", "'tis", "'Tis 'twas", "the cat's", "students' books", "the  'd ", "word'", "''", "' '",
    ]  # fmt: skip
    extra = [a + b for a in ("The", " the", "\n", "7", "é") for b in (" 42nd", "\tend", "…", "  x", "'ll go", "好")]
    out = []
    for s in cases + extra:
        if s not in out:
            out.append(s)
    return out
