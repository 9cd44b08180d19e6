"""Which periods there are between two days. Pure."""

from datetime import date, timedelta

from gateway.indicators.periods import Calendar, Period, PeriodType, period_of

_LABELS = {
    PeriodType.MONTH: (12, "{year}-{part:02}"),
    PeriodType.QUARTER: (4, "{year}-Q{part}"),
    PeriodType.HALF: (2, "{year}-H{part}"),
    PeriodType.NINE_MONTH: (1, "{year}-9M"),
    PeriodType.YEAR: (1, "{year}"),
}


def periods_ended(kind: PeriodType, calendar: Calendar, since: date, today: date) -> list[Period]:
    """Give the periods of a kind that ended after `since` and by `today`, the oldest first; `custom` and `ytd` have
    none that end by themselves, and days and weeks are of the Gregorian calendar."""
    if kind in (PeriodType.CUSTOM, PeriodType.YTD):
        return []
    if kind in (PeriodType.DAY, PeriodType.WEEK):
        periods = _of_days(kind, since, today) if calendar is Calendar.GREGORIAN else []
    else:
        count, form = _LABELS[kind]
        periods = [
            period_of(kind, form.format(year=year, part=part), calendar)
            for year in range(since.year - 1, today.year + 2)
            for part in range(1, count + 1)
        ]
    return [period for period in periods if since < period.after_on <= today]


def _of_days(kind: PeriodType, since: date, today: date) -> list[Period]:
    days = [since + timedelta(days=number) for number in range(-7, (today - since).days + 1)]
    if kind is PeriodType.DAY:
        return [period_of(kind, day.isoformat()) for day in days]
    weeks = dict.fromkeys(day.isocalendar()[:2] for day in days)
    return [period_of(kind, f"{year}-W{week:02}") for year, week in weeks]
