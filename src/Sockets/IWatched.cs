namespace ProtoBridgeMQ.Sockets;

/// <summary>What an event loop watches. It is called on the loop's thread.</summary>
internal interface IWatched
{
    /// <summary>Its file can be read or written, or has ended.</summary>
    void OnReady(uint events);

    /// <summary>Does what was asked for by <see cref="EventLoop.Post"/>.</summary>
    void Do(LoopRequest request);

    /// <summary>It threw where it must not.</summary>
    void Fail();
}

/// <summary>What a loop can be asked for.</summary>
internal enum LoopRequest
{
    /// <summary>Read or accept on.</summary>
    Receive,

    /// <summary>Begin to serve the connection.</summary>
    Serve,

    /// <summary>Stop watching, close the socket.</summary>
    Close,
}
