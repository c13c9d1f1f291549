def test_x(world):
    for k,v in world.ids.items(): print(k,len(v))
