"""The browser console's pages before real services, read and filled in without a browser."""
