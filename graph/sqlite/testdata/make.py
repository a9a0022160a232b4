"""Graphs made and read with funlib.persistence 0.7, as Volara opens them.

    python make.py make            writes the databases that the tests read, in this folder
    python make.py show FILE...    prints what funlib finds in databases, ours for instance
"""

import json
import sys
from pathlib import Path

import networkx as nx
from funlib.geometry import Roi
from funlib.persistence.graphs import SQLiteGraphDataBase
from funlib.persistence.types import Vec


def make(name, dims, total_roi=None):
    position = Vec(float, dims) if dims > 1 else float
    db = SQLiteGraphDataBase(
        Path(name),
        position_attribute="position",
        mode="w",
        total_roi=total_roi,
        node_attrs={"position": position, "size": int, "filtered": bool, "code": Vec(float, 2), "name": str},
        edge_attrs={"distance": float, "adj_weight": float, "count": int},
    )
    graph = nx.Graph()
    for i in range(1, 5):
        at = tuple(8 * i + d + (0.5 if i == 4 else 0) for d in range(dims))
        graph.add_node(i, position=at if dims > 1 else at[0], size=100 * i, code=(i, i / 4), name=f"node '{i}'")
    graph.add_edge(1, 2, adj_weight=0.5)
    graph.add_edge(3, 2, adj_weight=0.25, count=7)
    graph.add_edge(4, 1, distance=12.0)
    with db.bulk_write_mode():  # leaves the file in WAL mode
        db.bulk_write_nodes(graph.nodes)
        db.bulk_write_edges(graph.nodes, graph.edges)
    db.close()


def show(path):
    path = Path(path)
    meta = json.loads((path.parent / f"{path.stem}-meta.json").read_text())
    db = SQLiteGraphDataBase(path, position_attribute=meta["position_attribute"], mode="r")
    print(path, db.ndims, db.total_roi, db.node_attrs, db.edge_attrs)
    regions = [None, Roi((0,) * db.ndims, (20,) * db.ndims)]
    for roi in regions if db.ndims > 1 else [None]:  # funlib's regions need two dimensions
        graph = db.read_graph(roi)
        print(" in", roi)
        for node, data in sorted(graph.nodes(data=True)):
            print("   ", node, data)
        for u, v, data in sorted(graph.edges(data=True), key=lambda e: e[:2]):
            print("   ", u, v, data)
    db.close()


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make("funlib1d.sqlite", 1)
        make("funlib2d.sqlite", 2, Roi((0, 0), (100, 200)))
        make("funlib3d.sqlite", 3)
    else:
        for path in sys.argv[2:]:
            show(path)
