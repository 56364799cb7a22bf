namespace ProtoBridgeMQ.Remoting.Frames;

/// <summary>What <see cref="FrameCutter"/> found at the start of a buffer.</summary>
public enum FrameStatus
{
    /// <summary>A whole frame was cut.</summary>
    Frame,

    /// <summary>The frame goes on beyond the buffer.</summary>
    NeedMore,

    /// <summary>The lengths or the serialize type cannot be: the peer does not speak the protocol.</summary>
    ProtocolError,
}
