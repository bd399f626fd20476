"""What Tencent's platforms share: the sealed envelope of callbacks and the token of calls. No channel of its own."""
