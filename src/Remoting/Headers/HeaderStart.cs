using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>What every header begins with, apart from its fields and its remark.</summary>
public readonly record struct HeaderStart(
    int Code, int Opaque, HeaderFlags Flags, SerializeType Serialization, LanguageCode Language, int Version);
