"""Writes the lut_*.npz files with NumPy: one table in several types, byte orders and memory orders.

Run in this folder: python lut.py
"""

import numpy as np

table = np.array([[100, 7, 3, 9], [3, 7, 3, 7]])
edges = np.array([(True, 3, 100), (False, 7, 9)])

for dtype in ["<i8", ">i8", "<u8", "<i4", ">u4", "<i2", ">u2", "|u1", "|i1"]:
    name = dtype.replace("<", "little_").replace(">", "big_").replace("|", "byte_")
    np.savez_compressed(f"lut_{name}.npz", fragment_segment_lut=table.astype(dtype), edges=edges)
np.savez("lut_stored.npz", fragment_segment_lut=table, edges=edges)
np.savez("lut_fortran.npz", fragment_segment_lut=np.asfortranarray(table), edges=np.asfortranarray(edges))
np.savez("lut_noedges.npz", fragment_segment_lut=table)
np.savez_compressed("lut_emptyedges.npz", fragment_segment_lut=table, edges=[])
np.savez_compressed("lut_emptylut.npz", fragment_segment_lut=np.array([[], []]).astype(int), edges=[])
