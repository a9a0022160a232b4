// Package sqlite keeps a graph in an SQLite file, with the tables and the metadata file of funlib.persistence.
//
// A Store has one connection that writes, served by one goroutine that commits what waits for it in one transaction, and
// as many connections that read as there are readers. While a Store is open the database is in WAL mode, so that
// readers and the writer, also those of other processes on the same machine, do not wait for one another; the
// last to close it leaves a single plain file. SQLite's locks do not work between machines: that a database is
// used from one host alone is the caller's to see to.
package sqlite
