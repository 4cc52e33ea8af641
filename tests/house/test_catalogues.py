"""Spanish is complete. After a change of words: ``./run catalogues``, translate what it lists, run it again."""

import ast
import gettext
import io
import re
from collections import Counter

import pytest

from tools import catalogues, gathering, po
from tools.gathering import Module
from tools.po import Entry

CATALOGUES = [(domain, language) for domain in catalogues.DOMAINS for language in catalogues.LANGUAGES]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")

each_catalogue = pytest.mark.parametrize(("domain", "language"), CATALOGUES)


def kept(domain: str, language: str) -> list[Entry]:
    return po.read(catalogues.catalogue(domain, language=language).read_text())


def texts(domain: str, language: str) -> list[Entry]:
    return [entry for entry in kept(domain, language) if entry.text]


def placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


@each_catalogue
def test_every_text_of_the_code_is_in_the_catalogue_and_nothing_else(domain, language):
    said = {entry.key: entry.plural for entry in catalogues.gathered(domain, language=language)}
    known = {entry.key: entry.plural for entry in texts(domain, language)}

    assert len(said) > 150
    assert known == said


@each_catalogue
def test_every_text_is_translated(domain, language):
    bare = [entry.text for entry in texts(domain, language) if not entry.is_translated or "fuzzy" in entry.flags]

    assert bare == []


@each_catalogue
def test_translations_have_the_placeholders_of_their_texts(domain, language):
    wrong = []
    for entry in texts(domain, language):
        forms = [entry.text, entry.plural] if entry.plural else [entry.text]
        if len(forms) != len(entry.translations):
            wrong.append(entry.text)
        for form, words in zip(forms, entry.translations, strict=False):
            if placeholders(form) != placeholders(words):
                wrong.append(words)

    assert wrong == []


@each_catalogue
def test_what_is_compiled_is_what_is_written(domain, language):
    path = catalogues.catalogue(domain, language=language)

    assert path.with_suffix(".mo").read_bytes() == po.compiled(kept(domain, language))


def test_compiled_catalogues_are_read_as_gettext_means_them():
    entries = [
        Entry("", translations=["Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"]),
        Entry("offer", translations=["oferta"]),
        Entry("pending", context="task", translations=["en espera"]),
        Entry("%(n)s hour", plural="%(n)s hours", translations=["%(n)s hora", "%(n)s horas"]),
        Entry("unsure", translations=["quizás"], flags=["fuzzy"]),
    ]

    found = gettext.GNUTranslations(io.BytesIO(po.compiled(entries)))

    assert found.gettext("offer") == "oferta"
    assert found.gettext("pending") == "pending"
    assert found.pgettext("task", "pending") == "en espera"
    assert [found.ngettext("%(n)s hour", "%(n)s hours", n) for n in (1, 2)] == ["%(n)s hora", "%(n)s horas"]
    assert found.gettext("unsure") == "unsure"


def test_a_catalogue_survives_writing_and_reading():
    entries = [
        Entry('Say "no"\\', translations=["Di «no»\t"], places=["a.py", "b.py"], flags=["python-format"]),
        Entry("two\nlines", context="task", plural="many\nlines", translations=["dos\nlíneas", "muchas\nlíneas"]),
        Entry("bare"),
    ]

    read = po.read(po.write(entries))

    assert read[:2] == entries[:2]
    assert not read[2].is_translated


def module(source: str) -> Module:
    return Module("app/actions.py", ast.parse(source))


def test_refusals_are_found_by_their_class_however_far_below():
    kinds = module("class Gone(NotFound): ...\nclass NotFound(DomainError): ...")
    raised = module('raise Gone("It is gone.")\nraise ValueError("Not for people.")\nraise Gone("a" if b else "c")')

    found = [entry.text for entry in gathering.refusals([kinds, raised])]

    assert found == ["It is gone.", "a", "c"]


def test_a_refusal_that_is_put_together_cannot_be_translated():
    with pytest.raises(gathering.Unreadable, match=r"app/actions\.py:2"):
        list(gathering.refusals([module('class Gone(DomainError): ...\nraise Gone(f"{name} is gone.")')]))


def test_marks_are_found_with_context_and_plural():
    marked = module('_("a")\ngettext_lazy("b" "c")\nngettext("one", "many", n)\npgettext("task", "done")\n_(name)')

    found = [(entry.context, entry.text, entry.plural) for entry in gathering.marked(marked)]

    assert sorted(found) == [("", "a", ""), ("", "bc", ""), ("", "one", "many"), ("task", "done", "")]


def test_a_machine_tells_its_name_its_states_and_its_verbs():
    door = module('Machine("door", initial="shut", moves={"push_open": on("shut", to="ajar")})')

    found = [(entry.context, entry.text) for entry in gathering.machines(door)]

    assert found[0] == ("machine", "door")
    assert set(found[1:]) == {("door", "shut"), ("door", "push open"), ("door", "ajar")}


def test_texts_of_scripts_and_templates_are_found(tmp_path):
    script, page = tmp_path / "a.js", tmp_path / "a.html"
    script.write_text("""gettext("It's"); fill(ngettext('%(n)s day', '%(n)s days', n), {n}); x.gettext("not ours")""")
    page.write_text('{% load i18n %}{% translate "Save" %} {% blocktranslate %}{{ n }} more{% endblocktranslate %}')

    said = [(entry.text, entry.plural) for entry in gathering.in_script(script, root=tmp_path)]
    shown = [entry.text for entry in gathering.in_template(page, root=tmp_path)]

    assert said == [("It's", ""), ("%(n)s day", "%(n)s days")]
    assert shown == ["Save", "%(n)s more"]


@pytest.mark.parametrize("call", ['gettext("a" + b)', "gettext(`${a} of ${b}`)"])
def test_a_script_text_that_is_put_together_cannot_be_translated(tmp_path, call):
    script = tmp_path / "a.js"
    script.write_text(call)

    with pytest.raises(gathering.Unreadable, match=r"a\.js"):
        list(gathering.in_script(script, root=tmp_path))
