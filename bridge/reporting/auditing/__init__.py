"""Does a preset's own tokenizer give the ids it was trained with, and why not?"""
