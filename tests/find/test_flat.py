from hypothesis import given
from hypothesis import strategies as st

from archiver.find.flat import flatten
from tests.find.tree import flatten_tree


def test_markup_becomes_the_lines_that_a_reader_sees():
    """A ``br`` is a line break, two are a blank line, paragraphs are apart by one, other white space collapses."""
    flat = flatten("<p>One <b>two</b><br>three<br><br>four\n  five</p><div>six</div><div>seven</div>")
    assert flat.text == "One two\nthree\n\nfour five\n\nsix\nseven"


def test_links_stand_where_their_text_stands():
    """Offsets are those of the flat text; an empty anchor has a place, too; hrefs lose outer blanks and escapes."""
    flat = flatten('<p>see <a href=" https://t.co/a?b&amp;c ">this\n one</a> <a href="x" data-datetime="y"></a></p>')
    this, empty = flat.links
    assert (flat.text[this.start : this.end], this.href) == ("this one", "https://t.co/a?b&c")
    assert (flat.text[empty.start : empty.end], empty.instant) == ("", "y")


def test_scripts_styles_and_comments_are_no_text():
    """Also when they are never closed."""
    assert flatten("a <script>x</script><style>y</style><!-- z --><svg><title>q</title></svg>b<!-- never").text == "a b"


def test_pictures_of_emoji_are_their_emoji():
    """WordPress and X replace emoji by images with the character as their ``alt``."""
    assert flatten('hot <img class="emoji" alt="🔥" src="x"> <img alt="a photo" src="y">').text == "hot 🔥"


def test_the_fragment_tells_its_root_and_language():
    """The attributes of the outermost element, and the language of the first paragraph that says one."""
    flat = flatten('<blockquote class="twitter-tweet tw" data-Lang="en"><p lang="de" dir="ltr">x</p></blockquote>')
    assert flat.root == {"class": "twitter-tweet tw", "data-lang": "en"}
    assert flat.lang == "de"


@given(st.text(alphabet="<>/=\"' abpdiv!-&;\n\0\ud7ff", max_size=300))
def test_any_fragment_is_read(markup):
    """Broken markup never fails, and links stay inside the text."""
    flat = flatten(markup)
    assert all(0 <= link.start <= link.end <= len(flat.text) for link in flat.links)
    assert "\n\n\n" not in flat.text


PIECES = [
    "<p lang=en>", "</p>", "<p LANG=de>", "<a href='https://t.co/a' data-datetime=x>", "</a>", "<br>", "rain ", " wind",
    "\n", "&mdash;", "<blockquote class='a b'>", "</blockquote>", "<div>", "</div>", "<script>x", "</script>",
    "<img class=emoji alt=!>", "<select><option>", "<table><td>", "</table>", "<svg><title>", "</svg>", "<", ">",
    "&#0;", "<b/>",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_a_fragment_reads_as_its_tree_does(markup):
    """The stream of lxml's events and a walk through BeautifulSoup's tree give the same."""
    assert flatten(markup) == flatten_tree(markup)


def test_depth_hides_nothing():
    """A link below as many elements as a fragment can hold is found."""
    flat = flatten("<i>" * 12_000 + "<a href=x>deep</a>")
    assert (flat.text, [link.href for link in flat.links]) == ("deep", ["x"])
