"""Numbers, sentences, quotation and the words that state results."""
