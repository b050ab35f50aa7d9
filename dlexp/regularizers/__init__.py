"""What keeps an autoencoder from only copying: noise on its input, a price on its code."""
