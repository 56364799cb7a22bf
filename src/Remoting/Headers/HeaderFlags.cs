namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>Bits of a header's flag word.</summary>
[Flags]
public enum HeaderFlags
{
    /// <summary>A request that wants an answer.</summary>
    Request = 0,

    /// <summary>The frame answers the request with the same opaque.</summary>
    Response = 1,

    /// <summary>A request that gets no answer.</summary>
    OneWay = 2,
}
