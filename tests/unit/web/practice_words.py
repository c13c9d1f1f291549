"""Words of the pages of practice that reach gettext through a variable."""

from his.practice import terms

CHOSEN = {
    ("practice/templates/people.html", "word"): terms.STATES.values(),
    ("practice/templates/people.html", "states[one.state]"): terms.STATES.values(),
    ("practice/templates/person.html", "states[person.state]"): terms.STATES.values(),
    ("practice/templates/person.html", "word"): [*terms.CHAPTERS.values(), *terms.WEEKDAYS.values()],
}
