"""What providers' own files say, in their own words: no text of ours, and in one language. Pure."""

from collections.abc import Sequence

WECHAT_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
WECHAT_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
ALIPAY_HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
TRADE, BACK, SUBJECT, PAID, PAYER = "交易", "退款", "充值", "支付成功", "*小明(158***)\t"
WECHAT_FLOW = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)
WECHAT_FLOW_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
FEE, FEE_ALIPAY, TO_BANK, INTO, OUT = "扣除交易手续费", "收费", "提现", "收入", "支出"
ALIPAY_FLOW_HEAD = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（元）,支出金额（元）,账户余额（元）,交易渠道,"
    "业务类型,备注"
)
ALIPAY_FLOW, ALIPAY_FLOW_SUMMARY = "{}_账务明细.csv", "{}_账务明细(汇总).csv"
ALIPAY_DETAIL, ALIPAY_SUMMARY = "{}_业务明细.csv", "{}_业务明细(汇总).csv"


def alipay_bill(
    seller: str, day: str, rows: Sequence[str], paid: tuple[int, str], back: tuple[int, str]
) -> list[str]:  # fmt: skip
    """Lines of the detail. paid, back: how many, and their sum."""
    year, month, date = day.split("-")
    at = f"{year}年{month}月{date}日"
    return [
        "#支付宝业务明细查询", f"#账号：[{seller}0156]", f"#起始日期：[{at} 00:00:00]   终止日期：[{at} 24:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------", ALIPAY_HEAD,
        *rows, "#-----------------------------------------业务明细列表结束------------------------------------",
        f"#交易合计：{paid[0]}笔，商家实收共{paid[1]}元，商家优惠共0.00元",
        f"#退款合计：{back[0]}笔，商家实收共{back[1]}元，商家优惠共0.00元",
        "#导出时间：[2026年11月28日 09:00:00]", "",
    ]  # fmt: skip


def alipay_flow(seller: str, day: str, moves: Sequence[tuple[str, str, int]]) -> list[str]:
    """Lines of the account's movements: number, kind and what the account got by each."""
    year, month, date = day.split("-")
    at = f"{year}年{month}月{date}日"
    into, out = [fen for *_, fen in moves if fen > 0], [-fen for *_, fen in moves if fen < 0]
    rows = [
        f"{ident}\t,{ident}\t,,{SUBJECT},{day} 12:00:00,,{_some(fen)},{'-' + _some(-fen) if fen < 0 else ''},0.00,,"
        f"{kind},"
        for ident, kind, fen in moves
    ]  # fmt: skip
    return [
        "#支付宝账务明细查询", f"#账号：[{seller}0156]", f"#起始日期：[{at} 00:00:00]   终止日期：[{at} 24:00:00]",
        "#-----------------------------------------账务明细列表----------------------------------------",
        ALIPAY_FLOW_HEAD, *rows,
        "#-----------------------------------------账务明细列表结束------------------------------------",
        f"#支出合计：{len(out)}笔，共-{_some(sum(out)) or '0.00'}元",
        f"#收入合计：{len(into)}笔，共{_some(sum(into)) or '0.00'}元", "#导出时间：[2026年11月28日 09:00:00]", "",
    ]  # fmt: skip


def _some(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}" if fen > 0 else ""
