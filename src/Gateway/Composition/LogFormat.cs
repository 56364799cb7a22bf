namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>How the console shows what is logged.</summary>
public enum LogFormat
{
    /// <summary>A line for people, after the banner.</summary>
    Text,

    /// <summary>A JSON object a line, in the place of the banner too.</summary>
    Json,
}
