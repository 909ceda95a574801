"""Sample halls: the Sumedang seed and a tiny hall to practise and test in. Everything here is "data contoh"."""
