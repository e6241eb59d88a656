//! The ini file and the App value that wires everything.
