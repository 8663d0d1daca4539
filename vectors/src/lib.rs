//! Published test vectors, and the checks that replay them.
