namespace ProtoBridgeMQ.Remoting.Frames;

/// <summary>How a frame's header is written: the upper byte of the frame's second word.</summary>
public enum SerializeType : byte
{
    /// <summary>A JSON object as fastjson writes and reads it.</summary>
    Json = 0,

    /// <summary>The binary form, called ROCKETMQ.</summary>
    RocketMq = 1,
}
