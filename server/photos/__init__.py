"""Photos: resumable uploads, safe decoding, thumbnails."""
