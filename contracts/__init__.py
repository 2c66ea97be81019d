"""From schemas/ and topics/ to code, documents, topics and subjects. One source, so that nothing can drift."""
