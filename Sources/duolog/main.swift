print("duolog")
