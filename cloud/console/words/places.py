"""Words of the topology and of floor plans."""

from shared.words.voice import Text

WORDS: dict[str, Text] = {
    "topology": Text("拓扑", "Topology"),
    "lane_services": Text("中心与服务", "The centre and its services"),
    "lane_watch_silent": Text(
        "值守没有在看，服务与断点的状况未知，最后",
        "The watch is not looking: of services and cuts nothing is known since",
    ),
    "lane_watch_never": Text(
        "值守从未运行过，服务的状况未知。", "The watch has never run: of services nothing is known."
    ),
    "lane_no_services": Text("值守还没有看过任何服务。", "The watch has looked at no service yet."),
    "lane_all": Text("全部", "All"),
    "lane_only_bad": Text("只看有问题的", "Only what has a problem"),
    "lane_all_well": Text("没有有问题的网关。", "No box has a problem."),
    "lane_bus": Text("总线", "bus"),
    "lane_star": Text("网络，星形", "network, a star"),
    "lane_unnamed": Text("网关还没有说它们接在哪里", "the box has not said where these hang"),
    "lane_nothing": Text("此网关还没有终端。", "No terminal belongs to this box yet."),
    "lane_dark": Text("未知，最后", "unknown, last heard"),
    "lane_never": Text("未知，从未通信", "unknown, never heard"),
    "lane_load": Text("负载", "load"),
    "lane_errors": Text("错误", "errors"),
    "lane_offs": Text("离线 bus-off", "bus-off"),
    "lane_figures_away": Text(
        "指标库没有应答，线路读数未知。", "The store of metrics does not answer: readings of lines are unknown."
    ),
    "lane_cut": Text("疑似断开", "suspected cut"),
    "lane_between": Text("与", "and"),
    "lane_between_end": Text("之间", ""),
    "lane_cut_since": Text("自", "since"),
    "lane_more": Text("台相同", "alike"),
    "lane_open": Text("全部展开", "show all"),
    "lane_close": Text("收起", "fold"),
    "lane_count_ok": Text("正常", "well"),
    "lane_count_warn": Text("留意", "to note"),
    "lane_count_bad": Text("不通或异常", "wrong"),
    "lane_count_off": Text("未知", "unknown"),
    "lane_legend": Text("图例", "Legend"),
    "lane_order": Text("按线缆上的先后排列", "in the order of the cable"),
}
