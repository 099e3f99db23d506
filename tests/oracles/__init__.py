"""Independent judges: slow, plain-Python transcriptions of what the engine must do.

Nothing in here may import the code it judges. Only ``markets`` knows ``vigie.domain.candles``, to build candles.
"""
