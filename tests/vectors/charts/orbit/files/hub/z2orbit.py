def get(key):	# a tab
    return None

