"""Whatever a person may see has a text in every language, and no text is left over."""

from __future__ import annotations

import pytest

from shared.texts import LANGUAGES
from tests.contracts import texts

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_translation = pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])


@every_language
def test_every_sentence_and_every_code_has_a_text(language: str) -> None:
    nameless = texts.missing(language)
    assert not nameless, (
        f"`python -m tests.contracts.texts --missing {language}` prints what to fill in: shared/locales/{language}/<part>.po"
    )


@every_language
def test_no_text_is_left_over(language: str) -> None:
    assert not texts.unused(language)


@every_language
def test_no_two_catalogues_contradict_each_other(language: str) -> None:
    contradictions = {key: sorted(found) for key, found in texts.translated(language).items() if len(found) > 1}
    assert not contradictions


@every_language
def test_no_text_waits_for_its_translator(language: str) -> None:
    """A fuzzy entry is not used, and hides that the text is missing in the reader's language."""
    waiting = [
        f"{file.name}: {message.id}"
        for file, catalogue in texts.catalogues(language).items()
        for message in catalogue
        if message.id and (message.fuzzy or not message.string)
    ]
    assert not waiting


@every_translation
def test_every_translation_of_a_sentence_has_its_placeholders(language: str) -> None:
    differing = {
        sentence: translation
        for (kind, sentence), found in texts.translated(language).items()
        for translation in found
        if kind in (None, "line") and texts.placeholders(sentence) != texts.placeholders(translation)
    }
    assert not differing


def test_a_code_has_no_placeholder() -> None:
    """`word` fills in nothing."""
    filled = [
        key
        for language in LANGUAGES
        for key, found in texts.translated(language).items()
        if key[0] not in (None, "line") and "{" in "".join(found)
    ]
    assert not filled


def test_what_is_missing_is_printed_ready_to_be_filled_in() -> None:
    stub = texts.stubs([("error", "NOT_OPEN"), (None, "Register a worker")])
    assert [(message.context, message.id, message.string or "") for message in stub if message.id] == [
        ("error", "NOT_OPEN", ""),
        (None, "Register a worker", ""),
    ]
