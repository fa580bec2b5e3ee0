"""Where things are: the topology 拓扑 (what hangs on what) and floor plans 平面图 (what stands where)."""
