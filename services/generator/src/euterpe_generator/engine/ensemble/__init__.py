"""The engine for note events: several instruments, bar by bar."""
