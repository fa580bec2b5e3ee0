"""What the keys of a stolen PSAM reach, said exactly, in both languages. Texts."""

from shared.words.voice import Text

HOLDS = Text(
    "内有消费主密钥和它自己的控制密钥，别无其他；读不出来。",
    "It holds the purchase masters and its own control key, nothing else; they cannot be read out.",
)
DEBITS = Text(
    "能做：对放到它面前的真卡扣款。每笔都要真卡在场，由真卡出 TAC。",
    "It can debit a genuine card that is held before it; each debit needs that card, which makes the TAC.",
)
NEVER_CREDITS = Text(
    "不能做：给卡加钱（没有圈存密钥）、造 TAC、冒充卡。",
    "It can never credit a card (no load key in it), make a TAC, or stand in for a card.",
)
NO_MERCHANT = Text(
    "扣走的钱已不在卡上，但到不了商户：截止号之后一律待核，退给持卡人由两人批准。",
    "What it debits has left the card and reaches no merchant: all above the marks waits; two persons give it back.",
)
OFFLINE = Text(
    "名单只管得到联网的终端：不联网的机身仍能扣款，记录何时到何时待核。",
    "The list binds bodies with a link. One without can go on debiting; its records are held when they come.",
)
BROKEN_CHIP = Text(
    "若芯片被攻破：所含各版本消费主密钥外泄，可造出骗过脱机终端的假卡，直到轮换完成。"
    "仍不能圈存，仍造不出 TAC：账本逐笔识破并隔离。只有轮换能收回这一条。",
    "If the chip is broken, the purchase masters of its versions are out: fake cards that offline terminals believe, "
    "until rotation is done. Still no load and no TAC: the ledger quarantines each record. Only rotation ends it.",
)
REACHES = (HOLDS, DEBITS, NEVER_CREDITS, NO_MERCHANT, OFFLINE, BROKEN_CHIP)
