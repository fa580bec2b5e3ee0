"""What words of the console mean, for whoever reads them on a page: a list of words for each page that needs one."""

from shared.words.voice import Text

TERMS: dict[str, tuple[str, ...]] = {
    "overview": ("unposted", "suspense", "quarantine", "held", "purse_float", "not_known"),
    "devices": ("owes", "open_slots", "state_never", "not_known"),
    "device": ("owes", "open_slots", "wanted", "reported", "epoch", "not_known"),
    "order": ("frozen_list", "manner", "expires_after"),
    "orders": ("proposals",),
    "job": ("done_rows", "open_rows", "expires_at"),
    "firmware": ("canary_first", "shares"),
    "box_releases": ("canary_first", "shares", "officers_word", "not_known"),
    "parameters": ("wanted", "reported", "not_known"),
    "topology": ("lane_cut", "outbox", "lane_load", "not_known"),
    "alarms": ("alarm_ack", "alarm_take", "alarm_shelve", "suppressed_alarm", "alarm_stop"),
    "alarm": ("alarm_ack", "alarm_take", "alarm_shelve", "suppressed_alarm", "alarm_stop"),
    "alarm_figures": ("flood", "chattering", "until_answered", "until_over"),
    "notify": ("escalation", "alarm_receipt"),
    "ledger": ("suspense", "quarantine", "held", "account_pending", "account_transit", "ledger_differences"),
    "ledger_journal": ("account_debit", "account_credit", "reverses"),
    "takings_today": ("held_sum", "not_here"),
    "reconcile": ("whole_complete", "whole_late", "whole_gap", "whole_unknown", "undecided"),
    "ledger_differences": ("ledger_differences", "differs_explained"),
    "held": ("held", "proposals"),
    "held_voids": ("held_voids", "proposals"),
    "held_reversals": ("held_reversals", "proposals"),
    "suspense": ("suspense",),
    "quarantine": ("quarantine",),
    "load_cases": ("load_cases", "account_transit", "account_pending"),
    "proposals": ("proposals", "held"),
    "settlement": ("report_net", "report_held", "report_owing"),
    "reports": ("report_net", "report_held", "report_owing"),
    "morning": ("morning_owing", "held", "suspense", "quarantine", "morning_bank"),
    "card": ("sum_purses", "sum_online", "sum_transit", "sum_pending", "card_listed"),
    "loss": ("card_listed",),
    "loss_spread": ("card_spread", "card_reach_away"),
    "services": ("goals", "backup"),
}
"""Of a page, by its name: keys of words, each with what it means under help_KEY."""
_PENDING = Text(
    "已退还持卡人、还没有写到卡上的钱。下次到圈存机领取。",
    "Money given back to the holder that is not on the card yet. It is claimed at a load machine.",
)
_TRANSIT = Text(
    "已从电子账户扣出，还没有证明写到了卡上。下一次刷卡给出证据。",
    "Taken from the online account, not yet proven to be on the card. The card's next tap proves it.",
)
_PURSES = Text(
    "按账本算卡里应有的钱。脱机终端还没有上传的消费不在内。",
    "What the ledger says is on the card. Sales that offline terminals still hold are not in it.",
)
_OWING = Text(
    "还没有把全部记录交来的终端。它们交来以前，数字还会变。",
    "Terminals that have not delivered all their records. Until they do, figures may still change.",
)
WORDS: dict[str, Text] = {
    "terms": Text("名词说明", "What these words mean"),
    "suppressed_alarm": Text("抑制", "Suppressed"),
    "flood": Text("报警洪水", "Alarm flood"),
    "escalation": Text("升级", "Escalation"),
    "help_unposted": Text(
        "终端已收、账本还没有记上的记录。网关断线时只能说“至少”。",
        "Records that terminals have taken and the ledger has not posted. While a box is away it is a minimum.",
    ),
    "help_outbox": Text(
        "网关收下、账本还没有回执的记录。它们在网关的盘上，断电不丢。",
        "Records that the box holds until the ledger acknowledges them. They are on its disk and survive a power cut.",
    ),
    "help_suspense": Text(
        "终端不知道卡有没有扣成的记录，先挂在一边，由这张卡的下一笔交易判定。不必人工处理。",
        "Records whose terminal does not know whether the card was charged. Booked aside until the card's next use "
        "decides; nothing to do by hand.",
    ),
    "help_quarantine": Text(
        "证明不了什么的字节：校验不对、无法解读或违反规则。原样保留，不入账，等人查明。",
        "Bytes that prove nothing: wrong check value, unreadable or against the rules. Kept unchanged and not posted, "
        "until somebody finds out why.",
    ),
    "help_held": Text(
        "持卡人一侧已入账，商户一侧等两人决定：放行给商户，或退还持卡人。",
        "The cardholder's side is posted. The merchant's side waits for two persons: release it to the merchant, or "
        "return it to the holder.",
    ),
    "help_held_voids": Text(
        "撤销比它的消费先到，或超出规定，等消费入账或两人决定。",
        "Voids that came before their purchase, or exceed the rules. They wait for the purchase or for two persons.",
    ),
    "help_held_reversals": Text(
        "终端请求退回的账户支付，来历或金额要两人看过。",
        "Account payments that a terminal asks to take back, and that two persons must look at first.",
    ),
    "help_proposals": Text(
        "动钱或停掉整个食堂的事：一人提议，另一人确认。提议人不能确认自己的提议。",
        "What moves money or stops a whole canteen is proposed by one person and confirmed by another, never the same.",
    ),
    "help_purse_float": Text(
        "所有卡里钱的总数，是学校欠持卡人的。", "All money on cards together: what the school owes the holders."
    ),
    "help_not_known": Text(
        "没有消息，不等于正常，也不是零。网关断线时，它下面的设备都是未知。",
        "No news: neither well nor zero. While a box is away, all devices behind it are unknown.",
    ),
    "help_owes": Text(
        "终端已写下、中心还没有收到的记录笔数。",
        "Records that the terminal has written and the centre has not received.",
    ),
    "help_open_slots": Text(
        "终端里结果未定的交易：卡离开得太早，不知道扣成没有。",
        "Transactions in the terminal without a known outcome: the card left too early.",
    ),
    "help_state_never": Text(
        "账本里有这台终端，但它从来没有上过线。", "The ledger has this terminal, but it never came online."
    ),
    "help_wanted": Text(
        "中心下发、终端应当使用的版本。", "The version that the centre has sent and the terminal should use."
    ),
    "help_reported": Text("终端自己报告正在使用的版本。", "The version that the terminal itself reports to use."),
    "help_epoch": Text(
        "终端存储从头写起的次数。换机身或清空后加一，序号从头计。",
        "How often the terminal's storage began anew. A new body or a wiped one adds one, and numbers restart.",
    ),
    "help_frozen_list": Text(
        "点“下一步”时选中的终端。之后筛选怎么变，指令只发给这些。",
        "The terminals selected when you pressed “Next”. Whatever the filter shows later, the order goes to these.",
    ),
    "help_manner": Text(
        "一次发给几台。分批时先行的几台失败过多会自动停下。",
        "How many get it at a time. In waves it stops by itself when too many of the first fail.",
    ),
    "help_expires_after": Text(
        "到时还没有开始的终端不再执行，免得它明天上线时突然锁定。",
        "Terminals that have not begun by then do not do it at all, so none locks by surprise tomorrow.",
    ),
    "help_done_rows": Text(
        "终端自己回答已做。网关收到不算。", "The terminal itself answered. Reaching the box is not enough."
    ),
    "help_open_rows": Text("还没有终端的回答。", "No answer of the terminal yet."),
    "help_expires_at": Text("到这个时间还没有开始的，作废。", "What has not begun by then is void."),
    "help_canary_first": Text(
        "先给这几台用，看过没有问题再继续。", "These few get it first; the rest follow once they do well."
    ),
    "help_officers_word": Text(
        "保管员离线签名的名单。网关与终端只信它；名单上没有的，谁也装不上。",
        "The list that the officers sign off line. Boxes believe it alone: what is not on it runs nowhere.",
    ),
    "help_shares": Text("之后每批占全部的多少。", "What share of all gets it in each later wave."),
    "help_lane_cut": Text(
        "一条总线上，某一台之后的全部同时没有声音：断点多半在它与前一台之间。",
        "On one bus, everything behind a terminal fell silent at once: the break is most likely between it and the one "
        "before.",
    ),
    "help_lane_load": Text(
        "总线有多忙。长期超过 70% 应分成两条。", "How busy the bus is. Above 70 % for long, split it."
    ),
    "help_alarm_ack": Text(
        "有人看到了，不再催。报警要等原因消失才恢复。",
        "Somebody has seen it, and nobody is called again. It ends when its cause ends.",
    ),
    "help_alarm_take": Text(
        "我来处理：暂停升级，仍须确认。", "I take care of it: escalation pauses. It must still be acknowledged."
    ),
    "help_alarm_shelve": Text("到某个时间之前不打扰，到时自动回来。", "Quiet until a time; then it returns by itself."),
    "help_suppressed_alarm": Text(
        "由另一条报警或计划检修说明，不单独通知。",
        "Explained by another alarm or planned work, so it calls nobody by itself.",
    ),
    "help_alarm_stop": Text(
        "不再报，直到有人恢复。用于确知坏着的设备。",
        "Calls nobody until a person puts it back. For what is known to be broken.",
    ),
    "help_flood": Text(
        "一人十分钟内多于 10 条报警，看不过来。",
        "More than 10 alarms for one person in ten minutes: too many to act on.",
    ),
    "help_chattering": Text(
        "反复触发又恢复的报警，多半要调阈值或时长。",
        "Alarms that come and go again and again: their bound or delay wants adjusting.",
    ),
    "help_until_answered": Text("从触发到有人确认。", "From coming to being acknowledged."),
    "help_until_over": Text("从触发到原因消失。", "From coming to the end of its cause."),
    "help_escalation": Text(
        "多久没有人确认，就通知下一个人。", "When nobody acknowledges in time, the next person is told."
    ),
    "help_alarm_receipt": Text(
        "短信或邮件网关说消息送到了没有。", "Whether the SMS or mail gateway says that the message arrived."
    ),
    "help_account_pending": _PENDING,
    "help_sum_pending": _PENDING,
    "help_account_transit": _TRANSIT,
    "help_sum_transit": _TRANSIT,
    "help_sum_purses": _PURSES,
    "help_sum_online": Text(
        "存在学校账上、不在卡里的钱，可圈存到卡上。",
        "Money kept in the school's books, not on the card. It can be loaded onto it.",
    ),
    "help_ledger_differences": Text(
        "刷卡时卡里的数与账本算的不同。多半是还有记录没到，到了会自动消除。",
        "A card showed another balance than the ledger expects. Mostly a record has not arrived yet, and it clears "
        "by itself.",
    ),
    "help_differs_explained": Text("有人写明了原因。不动账。", "Somebody wrote down why. It moves no money."),
    "help_account_debit": Text(
        "钱到这个科目（资产增加，或负债减少）。", "The account that receives (assets grow, debts shrink)."
    ),
    "help_account_credit": Text(
        "钱从这个科目出（负债增加，或资产减少）。", "The account that gives (debts grow, assets shrink)."
    ),
    "help_reverses": Text(
        "记错不改，记一笔相反的。", "Nothing is rewritten: a mistake is taken back by an opposite entry."
    ),
    "help_held_sum": Text(
        "已收、但等两人决定归谁的，不在收入里。", "Taken, but two persons decide whose it is: not in the takings."
    ),
    "help_not_here": Text("终端里还有、没有传到中心的笔数。", "Records that are still in terminals."),
    "help_whole_complete": Text("终端写下的都到了。", "All that the terminal wrote has arrived."),
    "help_whole_late": Text("还在终端里，连上就会到。", "Still in the terminal; arrives once it is connected."),
    "help_whole_gap": Text("终端里也没有了，要人工查。", "No longer in the terminal either: somebody must look."),
    "help_whole_unknown": Text("从未听到它，不知道欠多少。", "Never heard, so nobody knows how much it owes."),
    "help_undecided": Text("到了、但还没有入账的笔数。", "Arrived, but not posted."),
    "help_load_cases": Text(
        "扣了款、不知道有没有写到卡上的圈存。卡下次使用时自动判定；不要先退钱。",
        "Loads that were charged, and nobody knows yet whether the card got them. The card's next use decides: do not "
        "refund before.",
    ),
    "help_report_net": Text("消费减退回。", "Gross less refunds."),
    "help_report_held": Text("净额里等两人决定的部分。", "The part of the net that two persons must decide on."),
    "help_report_owing": _OWING,
    "help_morning_owing": _OWING,
    "help_morning_bank": Text(
        "银行对账单上的余额减去账本上的银行专户。应为零。",
        "The bank statement's balance less the ledger's bank account. It should be zero.",
    ),
    "help_card_listed": Text(
        "终端拒收的卡的名单，下发到每台终端。", "Cards that terminals refuse. The list is sent to each terminal."
    ),
    "help_card_spread": Text("有多少台终端已收到这份名单。", "How many terminals have got the list."),
    "help_card_reach_away": Text(
        "联系不上的终端：可能还会收这张卡，损失由学校承担。",
        "Terminals that are away may still take the card; the school bears the loss.",
    ),
    "help_goals": Text(
        "学校对服务的要求，与本月到现在的实际。",
        "What the school demands of the service, and how this month has gone so far.",
    ),
    "help_backup": Text(
        "最近一次完成的备份。两天以上要查。",
        "The last backup that was finished. Look into it when it is older than two days.",
    ),
}
