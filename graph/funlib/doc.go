// Package funlib describes how funlib.persistence 0.7 lays a graph out in an SQL database: the names of its tables and
// columns, the metadata that goes with them, and the statements on them that the databases have in common.
//
//	nodes(id, <position>, size, filtered, …)   one row a node
//	edges(u, v, distance, …)                   one row an edge, primary key (u, v), u < v
//
// How a position and a vector attribute are spelled as columns differs by database: SQLite has position_0, position_1,
// …, PostgreSQL an array. Tables holds the spelling; the statements built from it are plain SQL.
package funlib
