package pipeline

// Version is the program's version, in markers and messages.
const Version = "0.1.0"
