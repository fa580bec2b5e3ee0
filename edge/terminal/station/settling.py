"""After selling has stopped: each card with a pending transaction is presented again where it tore.

What the card cannot tell, or a card that does not come, is left as it stands: the ledger settles it from the card's
next counter and balance.
"""

import asyncio
from contextlib import suppress

from edge.files.deck import CardFile, Deck, Laid
from edge.files.disk import InUse
from edge.terminal.station.station import Station
from edge.terminal.store.book import card_of
from edge.terminal.taps.steps import End, Result
from shared.ids import CardId
from shared.inventory import LOADERS

TRIES_MAX = 20
"""A card that lies in another field, or is torn again, is waited for this often."""
PAUSE_S = 0.25


async def settle_all(station: Station, deck: Deck, is_over: asyncio.Event) -> None:
    """Present every waiting card of the deck, until it is over."""
    by_id = {card.card: card for card in deck.cards}
    cards: dict[CardId, None] = dict.fromkeys(card_of(waiting) for waiting in station.firmware.body.flash.waiting)
    for card in cards:
        if card in by_id and not is_over.is_set():
            await settle(station, by_id[card], is_over)


async def settle(station: Station, card: CardFile, is_over: asyncio.Event) -> None:
    """Present one card until its pending transaction is settled, the tries are used up, or it is over."""
    for _ in range(TRIES_MAX):
        result = await _present(station, card)
        if is_over.is_set() or (result is not None and result.end is not End.UNKNOWN):
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(is_over.wait(), PAUSE_S)


async def _present(station: Station, card: CardFile) -> Result | None:
    firmware = station.firmware
    try:
        with Laid(card, station.disk) as laid:
            loads = station.settings.kind in LOADERS
            tap = firmware.load(0, station.now()) if loads else firmware.again(station.now())
            return await station.tap(tap, laid.channel)
    except InUse:
        return None
