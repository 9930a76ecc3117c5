"""The two times of X.509 as seconds since 1970, in integers alone. Knows no clock."""

FIRST_YEAR_OF_UTC_TIME = 1950
LAST_YEAR_OF_UTC_TIME = 2049
DAY_SECONDS = 86_400
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DAYS_TO_1970 = 719_162
"""From 1 January of the year 1."""


def parse_utc_time(content: bytes) -> int | None:
    """Return the seconds of YYMMDDHHMMSSZ, or None."""
    digits = digits_of(content, 13)
    if digits is None:
        return None
    short = int(digits[:2])
    century = 1900 if short >= FIRST_YEAR_OF_UTC_TIME % 100 else 2000
    return seconds_of(century + short, digits[2:])


def parse_generalized_time(content: bytes) -> int | None:
    """Return the seconds of YYYYMMDDHHMMSSZ from the year 2050 on, or None."""
    digits = digits_of(content, 15)
    if digits is None or int(digits[:4]) <= LAST_YEAR_OF_UTC_TIME:
        return None
    return seconds_of(int(digits[:4]), digits[4:])


def digits_of(content: bytes, size: int) -> str | None:
    """Return the digits before the final Z."""
    if len(content) != size or content[-1:] != b"Z" or not content[:-1].isdigit():
        return None
    return content[:-1].decode("ascii")


def seconds_of(year: int, rest: str) -> int | None:
    """Return the seconds of a year and MMDDHHMMSS, or None when there is no such time."""
    month, day, hour, minute, second = (int(rest[i : i + 2]) for i in range(0, 10, 2))
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return None
    leap = is_leap(year)
    if not 1 <= day <= MONTH_DAYS[month - 1] + (leap and month == 2):
        return None
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 - DAYS_TO_1970
    days += sum(MONTH_DAYS[: month - 1]) + (leap and month > 2) + day - 1
    return days * DAY_SECONDS + hour * 3600 + minute * 60 + second


def is_leap(year: int) -> bool:
    """Return whether the year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
