"""Names of months and weekdays in dates: English, German, French, Spanish, Portuguese, Italian and Dutch."""

from __future__ import annotations

# Per month, whole names; the first three or four letters and some customary shorter forms are added below.
_MONTHS = (
    "january januar janvier enero janeiro gennaio januari jänner ene gen janv",
    "february februar février fevrier febrero fevereiro febbraio februari feber fév fev févr fevr",
    "march märz maerz mars marzo março marco maart mär mrz mrt",
    "april avril abril aprile avr abr",
    "may mai mayo maio maggio mei mag",
    "june juni juin junio junho giugno giu",
    "july juli juillet julio julho luglio juil lug",
    "august août aout agosto augustus aoû aou ago",
    "september septembre septiembre setembro settembre sept set",
    "october oktober octobre octubre outubro ottobre okt out ott",
    "november novembre noviembre novembro",
    "december dezember décembre decembre diciembre dezembro dicembre déc dez dic",
)
# Letters at the beginning that two months share in one language or another, and so tell none.
_SHARED = {"jui", "ma", "mar", "ju"}
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim "
    "lunes martes miércoles miercoles jueves viernes sábado sabado domingo mié mie jue vie sáb sab dom "
    "segunda terça terca quarta quinta sexta seg ter qua qui sex "
    "lunedì lunedi martedì martedi mercoledì mercoledi giovedì giovedi venerdì venerdi domenica gio "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo"
)


def _months() -> dict[bytes, int]:
    table: dict[bytes, int] = {}
    for number, names in enumerate(_MONTHS, 1):
        for name in names.split():
            table[name.encode()] = number
            if len(name) > 3 and name[:3] not in _SHARED:
                table.setdefault(name[:3].encode(), number)
    table[b"mar"] = 3  # no language here means another month by it
    return table


MONTHS = _months()
"""Lower-case names in UTF-8 -> number of the month."""
WEEKDAYS = frozenset(name.encode() for name in _WEEKDAYS.split())
"""Lower-case names in UTF-8."""
MONTH = rb"[a-z\x80-\xff]{3,14}"
"""A pattern of a word that may be the name of a month: ``MONTHS`` has those that are."""
WEEKDAY = rb"[a-z\x80-\xff]{2,14}"
"""A pattern of a word that may be the name of a weekday."""


def is_named(word: bytes) -> bool:
    """Tell if a word is the name of a month or of a weekday."""
    return word.lower() in MONTHS or word.lower() in WEEKDAYS
