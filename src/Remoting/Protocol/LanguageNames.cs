namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>The names of <see cref="LanguageCode"/> as they stand in JSON headers.</summary>
public static class LanguageNames
{
    /// <summary>The name on the wire.</summary>
    public static ReadOnlySpan<byte> ToUtf8(LanguageCode language) => language switch
    {
        LanguageCode.Java => "JAVA"u8,
        LanguageCode.Cpp => "CPP"u8,
        LanguageCode.DotNet => "DOTNET"u8,
        LanguageCode.Python => "PYTHON"u8,
        LanguageCode.Delphi => "DELPHI"u8,
        LanguageCode.Erlang => "ERLANG"u8,
        LanguageCode.Ruby => "RUBY"u8,
        LanguageCode.Http => "HTTP"u8,
        LanguageCode.Go => "GO"u8,
        LanguageCode.Php => "PHP"u8,
        LanguageCode.Oms => "OMS"u8,
        LanguageCode.Rust => "RUST"u8,
        LanguageCode.NodeJs => "NODE_JS"u8,
        _ => "OTHER"u8,
    };

    /// <summary>Reads a name; one that is not known is <see cref="LanguageCode.Other"/>, as clients are free to invent.</summary>
    public static LanguageCode FromUtf8(ReadOnlySpan<byte> name)
    {
        for (var language = LanguageCode.Java; language <= LanguageCode.NodeJs; language++)
        {
            if (name.SequenceEqual(ToUtf8(language)))
                return language;
        }
        return LanguageCode.Other;
    }
}
