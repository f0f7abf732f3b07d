"""Pure types of audio; imports none of the others."""
