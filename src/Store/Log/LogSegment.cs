namespace ProtoBridgeMQ.Store.Log;

internal sealed class LogSegment
{
    public void Release() => throw new NotSupportedException();
}
