import zlib,subprocess,hashlib,os
fs=sorted(f for f in os.listdir('.') )
ds=[open(f,'rb').read() for f in fs]
def sha(fn):
    h=hashlib.sha256()
    for d in ds:
        o=fn(d); h.update(len(o).to_bytes(8,'little')); h.update(o)
    return h.hexdigest()
def z(l,w,m,s,cut=None):
    def f(d):
        c=zlib.compressobj(l,8,-w,m,s)
        if cut=='end': return c.compress(d)+c.flush(zlib.Z_SYNC_FLUSH)+c.flush()
        if cut:
            o=b''
            for i in range(0,len(d),cut):
                p=d[i:i+cut]; o+=c.compress(p)
                if len(p)==cut: o+=c.flush(zlib.Z_SYNC_FLUSH)
            return o+c.flush()
        return c.compress(d)+c.flush()
    return f
def cmd(*a):
    return lambda d: subprocess.run(a,input=d,capture_output=True,check=True).stdout[10:-8]
out=[]
def add(code,fn): out.append((code,sha(fn)))
for l in range(1,10): add([1,l,15,8,0],z(l,15,8,0))
for m in (1,2,5,9): add([1,6,15,m,0],z(6,15,m,0))
add([1,9,15,9,0],z(9,15,9,0)); add([1,1,15,9,0],z(1,15,9,0))
for w in (9,10,12,14): add([1,6,w,8,0],z(6,w,8,0)); 
add([1,1,9,1,0],z(1,9,1,0)); add([1,9,9,1,0],z(9,9,1,0))
for s in (1,2,3,4): add([1,6,15,8,s],z(6,15,8,s))
add([1,6,15,8,0,1],z(6,15,8,0,'end'))
for n in (1000,16384,65536): add([1,6,15,8,0,2]+list(n.to_bytes(4,'little')),z(6,15,8,0,n))
add([1,1,15,8,0,2]+list((7).to_bytes(2,'little'))+[0,0],z(1,15,8,0,7))
add([1,6,15,8,0,2]+list((7).to_bytes(2,'little'))+[0,0],z(6,15,8,0,7))
for l in range(1,10): add([2,l],cmd('gzip','-n',f'-{l}'))
for l in (1,4,6,9):
    for j,o in ((0,'-p4'),(1,'-p1'),(2,'-i')): add([3,l,128,0,j],cmd('pigz','-n',f'-{l}',o))
add([3,6,0,2,0],cmd('pigz','-n','-b512'))
add([3,6,32,0,0],cmd('pigz','-n','-b32'))
for c,h in out: print(f'    ("{bytes(c).hex()}", "{h}"),')
