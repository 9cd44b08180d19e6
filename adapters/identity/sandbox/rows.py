"""Which rows of notes §17 each attack plays, at which answer, on which wires, and whether a right client refuses it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from adapters.identity.sandbox.attacks import Attack, Row, Stage
from adapters.identity.sandbox.profile import Mode

A = Attack
_ALL = frozenset(Mode)
_FLAT = frozenset({Mode.P1, Mode.P2})
_P1 = frozenset({Mode.P1})
_P3 = frozenset({Mode.P3})

_REFUSED: tuple[tuple[Stage, frozenset[Mode], Mapping[str, tuple[Attack, ...]]], ...] = (
    (
        Stage.CALLBACK,
        _ALL,
        {
            "N01": (A.UNKNOWN_STATE,),
            "N07": (A.FOREIGN_ISSUER,),
            "N08": (A.MISSING_ISSUER,),
            "N09": (A.CODE_AND_ERROR,),
            "N10": (A.DUPLICATED_CODE, A.DUPLICATED_STATE),
            "N11": (A.SCRIPT_IN_ERROR,),
            "N20": (A.INVENTED_CODE, A.OVERLONG_CODE),
        },
    ),
    (Stage.CALLBACK, _P3, {"N100": (A.CODE_SEALED_TO_ANOTHER,), "N107": (A.PLAIN_CODE,)}),
    (
        Stage.TOKEN,
        _ALL,
        {
            "N22": (A.TOKEN_SERVER_ERROR,),
            "N24": (A.TOKEN_HTML,),
            "N25": (A.TOKEN_REDIRECT,),
            "N26": (A.TOKEN_BOMB,),
            "N27": (A.TOKEN_OVERSIZED,),
            "N28": (A.MAC_TOKEN,),
            "N29": (A.NO_ACCESS_TOKEN,),
            "N30": (A.EXPIRES_AS_WORD, A.EXPIRES_NEGATIVE),
            "N71": (A.TOKEN_MEMBERS_TWICE,),
        },
    ),
    (Stage.TOKEN, _FLAT, {"§16-11": (A.NO_ID_TOKEN,)}),
    (
        Stage.TOKEN,
        _P3,
        {
            "N101": (A.DAMAGED_KEY,),
            "N102": (A.ODD_LENGTH,),
            "N103": (A.BAD_PADDING,),
            "N104": (A.SEALED_TEXT,),
            "N105": (A.SEALED_ARRAY,),
            "N107": (A.PLAIN_TOKEN,),
            "N108": (A.MEMBERS_IN_ERROR,),
            "N111": (A.SEALED_ERROR,),
        },
    ),
    (
        Stage.ID_TOKEN,
        _FLAT,
        {
            "N40": (A.ALG_NONE,),
            "N41": (A.HS256_WITH_PUBLIC_KEY,),
            "N42": (A.RS512,),
            "N43": (A.FLIPPED_SIGNATURE, A.STRANGERS_KEY),
            "N44": (A.SWAPPED_PAYLOAD,),
            "N45": (A.EMBEDDED_JWK, A.FOREIGN_JKU, A.EMBEDDED_X5C),
            "N46": (A.UNKNOWN_CRIT,),
            "N47": (A.NO_KEY_ID_AMONG_TWO,),
            "N48": (A.UNKNOWN_KEY_ID,),
            "N52": (A.WEAK_KEY,),
            "N53": (A.ENCRYPTION_KEY,),
            "N55": (A.ISSUER_WITH_SLASH, A.ISSUER_IN_OTHER_CASE, A.ISSUER_OF_ANOTHER),
            "N56": (A.WRONG_AUDIENCE,),
            "N57": (A.STRANGER_IN_AUDIENCE,),
            "N58": (A.FOREIGN_AUTHORISED_PARTY,),
            "N59": (A.EXPIRED,),
            "N60": (A.ISSUED_IN_FUTURE,),
            "N61": (A.ISSUED_LONG_AGO,),
            "N62": (A.NOT_YET_VALID,),
            "N63": (A.NONCE_MISSING, A.NONCE_WRONG),
            "N64": (A.EXPIRY_AS_TEXT, A.EXPIRY_NOT_A_NUMBER, A.EXPIRY_HUGE),
            "N65": (A.SUBJECT_MISSING, A.SUBJECT_EMPTY, A.SUBJECT_NUMBER, A.SUBJECT_LONG, A.SUBJECT_NOT_ASCII),
            "N66": (A.WRONG_TOKEN_DIGEST,),
            "N67": (A.ACR_MISSING, A.ACR_UNKNOWN, A.ACR_TOO_LOW),
            "N68": (A.AUTHENTICATION_UNDATED, A.AUTHENTICATION_OLD),
            "N69": (A.TOKEN_17K, A.TOKEN_200K, A.TOKEN_5M),
            "N70": (A.FIVE_PARTS,),
            "N71": (A.DUPLICATE_MEMBERS,),
            "N72": (A.INVALID_UTF8,),
            "N73": (A.DEEP_NESTING,),
            "N74": (A.LOGOUT_TOKEN, A.ACCESS_TOKEN_TYPE),
            "N75": (A.OTHER_CLIENT,),
        },
    ),
    (
        Stage.USERINFO,
        _ALL,
        {
            "N82": (A.USERINFO_REFUSED,),
            "N83": (A.KIND_UNKNOWN, A.KIND_MISSING),
            "N84": (A.NUMBER_TOO_SHORT, A.NUMBER_WITH_SPACES, A.NUMBER_AS_NUMBER, A.NUMBER_IN_ARABIC_DIGITS),
            "N86": (A.NAME_WITH_CONTROLS, A.NAME_ENDLESS),
            "N87": (A.BIRTHDAY_IMPOSSIBLE,),
        },
    ),
    (
        Stage.USERINFO,
        _FLAT,
        {"N80": (A.FOREIGN_SUBJECT,), "N92": (A.USERINFO_UNSIGNED_JWT, A.USERINFO_STRANGERS_JWT)},
    ),
    (Stage.USERINFO, _P1, {"N89": (A.UPSTREAM_MISSING,), "§4.3": (A.UPSTREAM_OLD,)}),
    (
        Stage.USERINFO,
        _P3,
        {"N100": (A.SEALED_TO_ANOTHER,), "N106": (A.REORDERED_BLOCKS,), "N107": (A.PLAIN_USERINFO,)},
    ),
)
_TAKEN: tuple[tuple[Stage, frozenset[Mode], Mapping[str, tuple[Attack, ...]]], ...] = (
    (Stage.TOKEN, _ALL, {"N30": (A.EXPIRES_AS_TEXT,)}),
    (Stage.ID_TOKEN, _FLAT, {"N47": (A.NO_KEY_ID,), "N59": (A.JUST_EXPIRED,)}),
    (
        Stage.USERINFO,
        _ALL,
        {"N86": (A.NAME_DECOMPOSED,), "N87": (A.BIRTHDAY_EMPTY,), "N91": (A.UNKNOWN_CLAIM,)},
    ),
    (
        Stage.USERINFO,
        _FLAT,
        {"N85": (A.OLD_CARD_BESIDE,), "N90": (A.LOAS_100K,), "N93": (A.LOGOUT_ELSEWHERE,)},
    ),
)
"""No attacks at all: a right client takes these."""
_LEAST_ACR = "a least `acr` that the client was told"
_MAX_AGE = "a `max_age` that the client sent"
_NEEDS: Mapping[Attack, str] = {
    A.MISSING_ISSUER: "sends_issuer",
    A.NO_KEY_ID_AMONG_TWO: "two published keys that the client has seen",
    A.ACR_MISSING: _LEAST_ACR,
    A.ACR_UNKNOWN: _LEAST_ACR,
    A.ACR_TOO_LOW: _LEAST_ACR,
    A.AUTHENTICATION_UNDATED: _MAX_AGE,
    A.AUTHENTICATION_OLD: _MAX_AGE,
}

ROWS: Mapping[Attack, Row] = MappingProxyType(
    {
        attack: Row(row, stage, modes, must_be_refused, _NEEDS.get(attack, ""))
        for must_be_refused, table in ((True, _REFUSED), (False, _TAKEN))
        for stage, modes, rows in table
        for row, attacks in rows.items()
        for attack in attacks
    }
)


def cases() -> list[tuple[str, Mode, Attack]]:
    """Give every attack in every mode that it means something in, with an id in ASCII that holds its row."""
    return [
        (f"{row.rows.lstrip('§')}-{attack.value}-{mode.value}", mode, attack)
        for attack, row in ROWS.items()
        for mode in Mode
        if mode in row.modes
    ]


def kinds(mode: Mode) -> list[dict[str, Any]]:
    """List the attacks that mean something in a mode."""
    return [
        {
            "kind": attack.value,
            "rows": row.rows,
            "stage": row.stage.value,
            "must_be_refused": row.must_be_refused,
            "needs": row.needs,
        }
        for attack, row in ROWS.items()
        if mode in row.modes
    ]
