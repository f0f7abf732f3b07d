"""Pure types of audio; imports no other layer."""
